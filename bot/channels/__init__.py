"""Channels: one platform, one file. A channel turns what its platform brings into `Inbound` and shows `Part`s."""

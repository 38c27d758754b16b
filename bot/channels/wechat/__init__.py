"""WeChat Official Account: what a push means, how it is answered, the API client, the platform's numbers.

Rules and their sources stand where they are used; `[D]` official page, `[C]` community report, `[M]` measured, `[R]` remembered,
`dws` = developers.weixin.qq.com/doc/service. Wiring (routes, inbox, delivery planner, database) lives outside.
"""

/* The résumé pages: says which file was chosen, that it is being read, and prints. Both pages work without it. */
document.documentElement.classList.add("js"); // the browser's own file field gives way to ours
const form = document.getElementById("upload");

if (form) {
  const [file, chosen, status, send] = ["file", "chosen", "status", "send"].map((id) => document.getElementById(id));
  const most = Number(form.dataset.most);

  file.addEventListener("change", () => {
    const picked = file.files[0];
    if (!picked) return;
    const big = picked.size > most * 1_000_000;
    chosen.textContent = picked.name;
    status.textContent = big ? `这个文件超过 ${most} MB，换一份小的。` : "";
    send.disabled = big;
  });

  form.addEventListener("submit", () => {
    send.disabled = true;
    status.textContent = "正在看，一般几秒钟，别关页面。";
  });

  addEventListener("pageshow", () => {
    send.disabled = false;
    status.textContent = "";
  });
}

const print = document.getElementById("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
}

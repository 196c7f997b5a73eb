const box = document.getElementById("search"), none = document.getElementById("none");
const look = () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const group of document.querySelectorAll("section.group")) {
    let any = false;
    for (const item of group.querySelectorAll("li")) {
      const fits = words.every(word => item.dataset.words.includes(word));
      item.hidden = !fits;
      any = any || fits;
      shown += fits;
    }
    group.hidden = !any;
  }
  none.hidden = shown > 0;
};
box.hidden = false;
box.addEventListener("input", look);
look();

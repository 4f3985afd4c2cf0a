// Put into a copy of a report's page: measures it and tells the window that holds it.
const violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI));

function channels(colour) {
  const parts = colour.match(/[\d.]+/g).map(Number);
  return parts.length > 3 && parts[3] === 0 ? null : parts.slice(0, 3);
}

// WCAG 2.2: relative luminance and contrast.
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function ground(element) {
  const picture = element.closest("svg");
  if (picture) return channels(getComputedStyle(picture.querySelector(".paper")).fill);
  for (let e = element; e; e = e.parentElement) {
    const colour = channels(getComputedStyle(e).backgroundColor);
    if (colour) return colour;
  }
  return [255, 255, 255];
}

function faint() {
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script,style,title,desc")) continue;
    const style = getComputedStyle(element);
    const ink = channels(element.closest("svg") ? style.fill : style.color);
    const value = contrast(ink, ground(element));
    if (value < 4.5) found.set(`${element.tagName}.${element.className.baseVal ?? element.className}`,
                               `${node.data.trim().slice(0, 30)}: ${value.toFixed(2)}`);
  }
  return Array.from(found, ([what, text]) => `${what} ${text}`);
}

addEventListener("load", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const pictures = Array.from(document.querySelectorAll("figure"), (figure) => {
    const svg = figure.querySelector("svg");
    const box = svg ? svg.getBoundingClientRect() : { width: 0, height: 0 };
    return { width: box.width, height: box.height, title: svg?.querySelector("title")?.textContent ?? "",
             about: svg?.querySelector("desc")?.textContent ?? "" };
  });
  parent.postMessage({
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    inner: innerWidth,
    scroll: document.documentElement.scrollWidth,
    requests: performance.getEntriesByType("resource").map((entry) => entry.name).concat(violations),
    pictures,
    faint: faint(),
  }, "*");
});

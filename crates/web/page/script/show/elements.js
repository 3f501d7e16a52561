// Short ways to find and make elements.

/** The element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A new element with a class, which may be empty, and children: elements or texts. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

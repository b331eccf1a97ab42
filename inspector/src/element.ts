/** What an element contains: text is always text, never HTML. */
export type Content = Node | string | undefined | readonly Content[];

/** Creates an element; an attribute that is `undefined` is left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[Name] {
  const created = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) created.setAttribute(attribute, value);
  }
  append(created, content);
  return created;
}

function append(parent: Node, content: Content): void {
  if (content === undefined) return;
  if (typeof content === "string") parent.appendChild(document.createTextNode(content));
  else if (content instanceof Node) parent.appendChild(content);
  else for (const part of content) append(parent, part);
}

/** The element of the page with this id. */
export function byId<Type extends HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no element #${id}`);
  return found as Type;
}

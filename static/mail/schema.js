// What a mail from the simple editor may hold, and how it is read and written. One global: MailSchema.
//
// Mails are read from HTML by an inert parser. Our content policy makes browsers drop `style` attributes that any HTML
// parser sees, in one browser at parsing and in another at the import into the page. So they are renamed before parsing
// and given back by the style object, which every browser allows. What is written is a string of our own making: the
// style object would turn #c00000 into rgb(192, 0, 0), and opening and saving must change nothing.
"use strict";

window.MailSchema = (() => {
  const { Schema, DOMParser: ModelParser } = window.PM.model;

  const MARK = /\$\{([\p{L}\p{N}_]{1,50})\}/gu;
  const isName = (value) => typeof value === "string" && /^[\p{L}\p{N}_]{1,50}$/u.test(value);
  const isColor = (value) => typeof value === "string" && /^#[0-9a-f]{6}$/.test(value);
  const isAlign = (value) => value === null || value === "center" || value === "right";
  const isWidth = (value) => value === null || (Number.isInteger(value) && value > 0 && value <= 2000);
  const isText = (value) => typeof value === "string";
  const isLink = (value) => typeof value === "string" && /^(https?:\/\/|mailto:|tel:|\$\{)/i.test(value);
  const isPicture = (value) => typeof value === "string" && /^https:\/\//i.test(value);

  const must = (test) => (value) => { if (!test(value)) throw new RangeError("not a value of a mail"); };
  const attribute = (value, test) => ({ default: value, validate: must(test) });

  function hex(color) {
    const parts = /^rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)$/.exec(color ?? "");
    if (!parts) return /^#[0-9a-f]{6}$/i.test(color ?? "") ? color.toLowerCase() : null;
    if (parts[4] === "0") return null;
    return `#${parts.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
  }

  function alignOf(element) {
    const align = element.style?.textAlign || element.getAttribute("align");
    return align === "center" || align === "right" ? align : null;
  }

  function buttonOf(table) {
    const links = table.querySelectorAll("a");
    const cells = table.querySelectorAll("td");
    const color = hex(table.querySelector("td[bgcolor]")?.getAttribute("bgcolor"));
    if (links.length !== 1 || cells.length !== 1 || !color) return false;
    const href = links[0].getAttribute("href") ?? "";
    return isLink(href) && { href, label: links[0].textContent.trim(), color, align: alignOf(table) };
  }

  const aligned = (node) => (node.attrs.align ? { style: `text-align:${node.attrs.align}` } : {});

  const nodes = {
    doc: { content: "block+" },
    paragraph: {
      content: "inline*", group: "block", attrs: { align: attribute(null, isAlign) },
      parseDOM: ["p", "div"].map((tag) => ({ tag, getAttrs: (element) => ({ align: alignOf(element) }) })),
      toDOM: (node) => ["p", aligned(node), 0],
    },
    heading: {
      content: "inline*", group: "block", defining: true,
      attrs: { level: attribute(1, Number.isInteger), align: attribute(null, isAlign) },
      parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({
        tag: `h${level}`, getAttrs: (element) => ({ level: Math.min(level, 3), align: alignOf(element) }),
      })),
      toDOM: (node) => [`h${node.attrs.level}`, aligned(node), 0],
    },
    bullet_list: { content: "list_item+", group: "block", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
    ordered_list: { content: "list_item+", group: "block", parseDOM: [{ tag: "ol" }], toDOM: () => ["ol", 0] },
    list_item: {
      content: "paragraph block*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0],
    },
    blockquote: {
      content: "block+", group: "block", defining: true, parseDOM: [{ tag: "blockquote" }], toDOM: () => ["blockquote", 0],
    },
    rule: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
    table: {
      content: "table_row+", group: "block", isolating: true,
      parseDOM: [{ tag: "table", getAttrs: (element) => (element.getAttribute("role") === "presentation" ? false : null) }],
      toDOM: () => ["table", ["tbody", 0]],
    },
    table_row: { content: "table_cell+", parseDOM: [{ tag: "tr" }], toDOM: () => ["tr", 0] },
    table_cell: {
      content: "paragraph+", isolating: true, attrs: { heads: attribute(false, (value) => typeof value === "boolean") },
      parseDOM: ["td", "th"].map((tag) => ({ tag, getAttrs: () => ({ heads: tag === "th" }) })),
      toDOM: (node) => [node.attrs.heads ? "th" : "td", 0],
    },
    button: {
      group: "block", atom: true, selectable: true, draggable: true,
      attrs: {
        href: attribute("https://", isLink), label: attribute("", isText),
        color: attribute("#0b6b57", isColor), align: attribute(null, isAlign),
      },
      parseDOM: [{ tag: "table", priority: 60, getAttrs: buttonOf }],
      toDOM: ({ attrs }) => [
        "div", attrs.align ? { style: `text-align:${attrs.align}` } : {},
        ["span", { class: "mail-button", style: `background:${attrs.color};color:#ffffff` }, attrs.label],
      ],
    },
    text: { group: "inline" },
    line_break: {
      inline: true, group: "inline", selectable: false,
      parseDOM: [{ tag: "br" }], toDOM: () => ["br"], leafText: () => "\n",
    },
    picture: {
      inline: true, group: "inline", draggable: true,
      attrs: { src: { validate: must(isPicture) }, alt: attribute("", isText), width: attribute(null, isWidth) },
      parseDOM: [
        {
          tag: "img[src]",
          getAttrs: (element) => {
            const width = Number(element.getAttribute("width"));
            return isPicture(element.getAttribute("src")) && {
              src: element.getAttribute("src"), alt: element.getAttribute("alt") ?? "",
              width: isWidth(width) ? width : null,
            };
          },
        },
        { tag: "img", ignore: true },
      ],
      // Our policy lets the page load no picture of others: its text stands in for it.
      toDOM: ({ attrs }) => ["span", { class: "placeholder-chip" }, `🖼 ${attrs.alt || attrs.src}`],
    },
    placeholder: {
      inline: true, group: "inline", atom: true, selectable: true, attrs: { name: { validate: must(isName) } },
      leafText: (node) => `\${${node.attrs.name}}`,
      parseDOM: [{
        tag: "span[data-placeholder]",
        getAttrs: (element) => isName(element.dataset.placeholder) && { name: element.dataset.placeholder },
      }],
      toDOM: ({ attrs }) => [
        "span", { class: "placeholder-chip", "data-placeholder": attrs.name, contenteditable: "false" }, `\${${attrs.name}}`,
      ],
    },
  };

  const marks = {
    link: {
      attrs: { href: { validate: must(isLink) } }, inclusive: false,
      parseDOM: [{ tag: "a[href]", getAttrs: (element) => isLink(element.getAttribute("href")) && { href: element.getAttribute("href") } }],
      toDOM: (mark) => ["a", { href: mark.attrs.href }, 0],
    },
    color: {
      attrs: { color: { validate: must(isColor) } },
      // Black comes from word processors, and would be black on black in the dark.
      parseDOM: [{ style: "color", getAttrs: (value) => { const color = hex(value); return color && color !== "#000000" && { color }; } }],
      toDOM: (mark) => ["span", { style: `color:${mark.attrs.color}` }, 0],
    },
    strong: {
      parseDOM: [
        { tag: "strong" },
        { tag: "b", getAttrs: (element) => element.style.fontWeight !== "normal" && null },
        { style: "font-weight", getAttrs: (value) => /^(bold(er)?|[5-9]\d{2,})$/.test(value) && null },
      ],
      toDOM: () => ["strong", 0],
    },
    em: { parseDOM: [{ tag: "em" }, { tag: "i" }, { style: "font-style=italic" }], toDOM: () => ["em", 0] },
    underline: {
      parseDOM: [{ tag: "u" }, { style: "text-decoration", consuming: false, getAttrs: (value) => /underline/.test(value) && null }],
      toDOM: () => ["u", 0],
    },
  };

  const schema = new Schema({ nodes, marks });
  const parser = ModelParser.fromSchema(schema);

  // ---- Writing

  const escapeText = (text) => text
    .replace(/[\u200b\ufeff]/g, "")
    .replace(/ {2,}/g, (spaces) => ` ${"\u00a0".repeat(spaces.length - 1)}`)
    .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;");
  const escapeAttribute = (text) => escapeText(String(text)).replace(/"/g, "&quot;");
  const styleOf = (align) => (align ? ` style="text-align:${align}"` : "");

  const OPEN = {
    link: (mark) => `<a href="${escapeAttribute(mark.attrs.href)}">`,
    color: (mark) => `<span style="color:${mark.attrs.color}">`,
    strong: () => "<strong>", em: () => "<em>", underline: () => "<u>",
  };
  const CLOSE = { link: "</a>", color: "</span>", strong: "</strong>", em: "</em>", underline: "</u>" };

  const LEAVES = {
    line_break: () => "<br>",
    placeholder: (node) => `\${${node.attrs.name}}`,
    picture: ({ attrs }) => {
      const width = attrs.width ? ` width="${attrs.width}"` : "";
      return `<img src="${escapeAttribute(attrs.src)}" alt="${escapeAttribute(attrs.alt)}"${width} style="max-width:100%;height:auto;border:0">`;
    },
  };

  // HTML loses the spaces that begin or end a line, and all but one in a row: those that show are written as &nbsp;,
  // those that nobody sees are not written. Else a space after the last word would not survive the next opening.
  function leavesOf(parent) {
    const leaves = [];
    const endLine = () => {
      while (leaves.length && leaves.at(-1).text !== null) {
        const last = leaves.at(-1);
        last.text = last.text.replace(/ +$/, "");
        if (last.text) break;
        leaves.pop();
      }
    };
    parent.forEach((node) => {
      if (node.type.name === "line_break") endLine();
      const before = leaves.at(-1);
      const isLost = !before || before.node.type.name === "line_break" || before.text?.endsWith(" ");
      const text = node.isText ? node.text : null;
      leaves.push({ node, text: isLost && text ? text.replace(/^ /, "\u00a0") : text });
    });
    endLine();
    return leaves;
  }

  function inline(parent) {
    let html = "";
    const open = [];
    const closeTo = (count) => { while (open.length > count) html += CLOSE[open.pop().type.name]; };
    for (const { node, text } of leavesOf(parent)) {
      let same = 0;
      while (same < open.length && same < node.marks.length && open[same].eq(node.marks[same])) same += 1;
      closeTo(same);
      for (const mark of node.marks.slice(same)) {
        html += OPEN[mark.type.name](mark);
        open.push(mark);
      }
      html += text === null ? LEAVES[node.type.name](node) : escapeText(text);
    }
    closeTo(0);
    return html;
  }

  function children(parent) {
    let html = "";
    parent.forEach((node) => { html += block(node); });
    return html;
  }

  function listItem(node) {
    let html = "";
    node.forEach((child, _offset, index) => {
      const isPlain = index === 0 && child.type.name === "paragraph" && !child.attrs.align;
      html += isPlain ? inline(child) : block(child);
    });
    return `<li>${html}</li>`;
  }

  function cell(node) {
    const tag = node.attrs.heads ? "th" : "td";
    const isPlain = node.childCount === 1 && !node.firstChild.attrs.align;
    return `<${tag}>${isPlain ? inline(node.firstChild) || "&nbsp;" : children(node)}</${tag}>`;
  }

  // A cell with a background is what Outlook shows as a button.
  function button({ attrs }) {
    const align = attrs.align ? ` align="${attrs.align}"` : "";
    const margin = attrs.align === "center" ? "16px auto" : "16px 0";
    return `<table role="presentation"${align} border="0" cellpadding="0" cellspacing="0" style="margin:${margin}"><tbody><tr>`
      + `<td bgcolor="${attrs.color}" style="border-radius:4px"><a href="${escapeAttribute(attrs.href)}" style="display:inline-block;`
      + `padding:12px 24px;color:#ffffff;text-decoration:none;font-weight:bold">${escapeText(attrs.label)}</a></td></tr></tbody></table>`;
  }

  function block(node) {
    const { attrs } = node;
    switch (node.type.name) {
      case "paragraph": return `<p${styleOf(attrs.align)}>${inline(node) || "&nbsp;"}</p>`;
      case "heading": return `<h${attrs.level}${styleOf(attrs.align)}>${inline(node) || "&nbsp;"}</h${attrs.level}>`;
      case "bullet_list": return `<ul>${children(node)}</ul>`;
      case "ordered_list": return `<ol>${children(node)}</ol>`;
      case "list_item": return listItem(node);
      case "blockquote": return `<blockquote>${children(node)}</blockquote>`;
      case "rule": return "<hr>";
      case "table": return `<table border="1" cellpadding="6" cellspacing="0" style="border-collapse:collapse"><tbody>${children(node)}</tbody></table>`;
      case "table_row": return `<tr>${children(node)}</tr>`;
      case "table_cell": return cell(node);
      default: return button(node);
    }
  }

  // ---- Reading

  function hideStyles(html) {
    return html
      .replace(/<style[^>]*>[\s\S]*?<\/style>/gi, "")
      .replace(/<[a-zA-Z][^<>]*>/g, (tag) => tag.replace(/(\s)style(\s*=)/gi, "$1data-style$2"));
  }

  function giveBackStyles(root) {
    for (const element of root.querySelectorAll("[data-style]")) {
      if (element.style) element.style.cssText = element.getAttribute("data-style");
      element.removeAttribute("data-style");
    }
  }

  function makeChips(root) {
    const walker = root.ownerDocument.createTreeWalker(root, window.NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      if (text.parentElement.closest("[data-placeholder]") || !text.data.includes("${")) continue;
      const parts = text.data.split(MARK);
      if (parts.length === 1) continue;
      // Odd places hold the names.
      text.replaceWith(...parts.map((part, index) => {
        if (index % 2 === 0) return part;
        const chip = root.ownerDocument.createElement("span");
        chip.dataset.placeholder = part;
        chip.textContent = `\${${part}}`;
        return chip;
      }));
    }
  }

  // Word writes list items as paragraphs with a mark.
  function makeLists(root) {
    let list = null;
    for (const paragraph of root.querySelectorAll("p")) {
      const style = paragraph.getAttribute("data-style") ?? paragraph.getAttribute("style") ?? "";
      if (!/mso-list:\s*l\d/i.test(style)) {
        list = null;
        continue;
      }
      const mark = [...paragraph.querySelectorAll("span")].find((span) => /mso-list:\s*ignore/i.test(span.getAttribute("data-style") ?? span.getAttribute("style") ?? ""));
      const tag = /^[\dA-Za-z]+[.)]/.test(mark?.textContent.trim() ?? "") ? "ol" : "ul";
      mark?.remove();
      if (list?.localName !== tag || list.nextElementSibling !== paragraph) {
        list = root.ownerDocument.createElement(tag);
        paragraph.before(list);
      }
      const item = root.ownerDocument.createElement("li");
      item.append(...paragraph.childNodes);
      list.append(item);
      paragraph.remove();
    }
  }

  function prepare(root) {
    for (const element of root.querySelectorAll("style, script, title, meta, link, object, iframe, svg, math, template, xml")) element.remove();
    makeLists(root);
    giveBackStyles(root);
    makeChips(root);
    for (const paragraph of root.querySelectorAll("p, h1, h2, h3, td, th")) {
      if (paragraph.childNodes.length === 1 && paragraph.firstChild.nodeType === 3 && paragraph.firstChild.data === "\u00a0") paragraph.firstChild.remove();
    }
    return root;
  }

  function parse(html) {
    const page = new window.DOMParser().parseFromString(hideStyles(html), "text/html");
    return parser.parse(prepare(page.body));
  }

  return {
    schema, parse, hideStyles, isName, isLink, isPicture,
    serialise: children,
    // Whether opening and saving changes nothing.
    keeps: (html) => children(parse(html)) === html,
    clipboardParser: {
      parse: (root, options) => parser.parse(root, options),
      parseSlice: (root, options) => parser.parseSlice(prepare(root), options),
    },
  };
})();

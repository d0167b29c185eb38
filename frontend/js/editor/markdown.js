// Markdown to the editor's document and back, losing nothing: what the editor has no tool for (tables, footnotes, pictures
// inside a sentence) travels as the Markdown it was. The rules are those of kit/markdown.py, which makes the page of it.
import MarkdownIt from 'markdown-it'
import { MarkdownParser, MarkdownSerializer, defaultMarkdownSerializer } from 'prosemirror-markdown'

function tokenizer() {
  const md = new MarkdownIt('commonmark', { html: false, linkify: true }).enable(['strikethrough', 'table', 'linkify'])
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
  md.block.ruler.before('reference', 'footnote_block', footnoteBlock, { alt: ['paragraph'] })
  md.inline.ruler.before('link', 'footnote_mark', footnoteMark)
  md.inline.ruler.at('text', text)
  md.inline.ruler.before('emphasis', 'spoiler', spoiler)
  md.core.ruler.push('verbatim', verbatim)
  return md
}

function footnoteBlock(state, start, end, silent) {
  const text = (line) => state.src.slice(state.bMarks[line], state.eMarks[line])
  if (!/^\[\^[^\]\s]+\]:/.test(text(start).trim())) return false
  if (silent) return true
  let next = start + 1
  while (next < end && (text(next).trim() === '' ? /^\s{2,}\S/.test(next + 1 < end ? text(next + 1) : '') : !/^\[\^[^\]\s]+\]:/.test(text(next).trim()))) next++
  const token = state.push('raw_block', '', 0)
  token.content = state.src.slice(state.bMarks[start], state.eMarks[next - 1]).trimEnd()
  token.map = [start, next]
  state.line = next
  return true
}

function footnoteMark(state, silent) {
  const found = /^\[\^[^\]\s]+\]/.exec(state.src.slice(state.pos, state.pos + 60))
  if (!found) return false
  if (!silent) state.push('raw_inline', '', 0).content = found[0]
  state.pos += found[0].length
  return true
}

/** As markdown-it's own rule, but it also stops at a bar, where a spoiler may begin. */
function text(state, silent) {
  let { pos } = state
  while (pos < state.posMax && !'\n!#$%&*+-:<=>@[\\]^_`{}~|'.includes(state.src[pos])) pos++
  if (pos === state.pos) return false
  if (!silent) state.pending += state.src.slice(state.pos, pos)
  state.pos = pos
  return true
}

/** ||what readers uncover themselves||, up to the next bars of its paragraph. */
function spoiler(state, silent) {
  const { src, pos, posMax } = state
  if (!src.startsWith('||', pos)) return false
  const end = src.indexOf('||', pos + 2)
  const inner = src.slice(pos + 2, end)
  if (end < 0 || end + 2 > posMax || !inner || inner !== inner.trim()) return false
  if (!silent) {
    state.push('spoiler_open', '', 1)
    state.pos = pos + 2
    state.posMax = end
    state.md.inline.tokenize(state)
    state.push('spoiler_close', '', -1)
  }
  state.pos = end + 2
  state.posMax = posMax
  return true
}

/** Tables become raw blocks; a picture alone in its paragraph becomes a picture, one within a sentence stays raw. */
function verbatim(state) {
  const lines = state.src.split('\n')
  const out = []
  for (let i = 0; i < state.tokens.length; i++) {
    const token = state.tokens[i]
    if (token.type === 'table_open') {
      const raw = new state.Token('raw_block', '', 0)
      raw.content = lines.slice(...token.map).join('\n').trimEnd()
      out.push(raw)
      while (state.tokens[i].type !== 'table_close') i++
      continue
    }
    if (token.type === 'inline') {
      const [only, ...more] = token.children
      if (only?.type === 'image' && !more.length && out.at(-1)?.type === 'paragraph_open') {
        out.pop()
        i++
        const picture = new state.Token('picture', '', 0)
        picture.attrs = [['src', only.attrGet('src')], ['alt', only.content], ['title', only.attrGet('title') ?? '']]
        out.push(picture)
        continue
      }
      token.children = token.children.map((child) => {
        if (child.type !== 'image') return child
        const raw = new state.Token('raw_inline', '', 0)
        const title = child.attrGet('title')
        raw.content = `![${child.content}](${child.attrGet('src')}${title ? ` "${title}"` : ''})`
        return raw
      })
    }
    out.push(token)
  }
  state.tokens = out
}

export function makeMarkdown(schema) {
  const parser = new MarkdownParser(schema, tokenizer(), {
    blockquote: { block: 'blockquote' },
    paragraph: { block: 'paragraph' },
    list_item: { block: 'listItem' },
    bullet_list: { block: 'bulletList' },
    ordered_list: { block: 'orderedList', getAttrs: (token) => ({ start: Number(token.attrGet('start') ?? 1) }) },
    heading: { block: 'heading', getAttrs: (token) => ({ level: Number(token.tag.slice(1)) }) },
    code_block: { block: 'codeBlock', noCloseToken: true },
    fence: { block: 'codeBlock', getAttrs: (token) => ({ language: token.info.trim() || null }), noCloseToken: true },
    hr: { node: 'horizontalRule' },
    hardbreak: { node: 'hardBreak' },
    picture: { node: 'picture', getAttrs: (token) => Object.fromEntries(token.attrs) },
    raw_block: { node: 'rawBlock', getAttrs: (token) => ({ source: token.content }) },
    raw_inline: { node: 'rawInline', getAttrs: (token) => ({ source: token.content }) },
    em: { mark: 'italic' },
    strong: { mark: 'bold' },
    s: { mark: 'strike' },
    spoiler: { mark: 'spoiler' },
    code_inline: { mark: 'code', noCloseToken: true },
    link: { mark: 'link', getAttrs: (token) => ({ href: token.attrGet('href'), title: token.attrGet('title') }) },
  })
  const nodes = defaultMarkdownSerializer.nodes
  const marks = defaultMarkdownSerializer.marks
  const serializer = new MarkdownSerializer(
    {
      blockquote: nodes.blockquote,
      paragraph: (state, node) => node.childCount && nodes.paragraph(state, node),
      heading: nodes.heading,
      listItem: nodes.list_item,
      bulletList: (state, node) => state.renderList(node, '  ', () => '- '),
      orderedList: (state, node) => nodes.ordered_list(state, { ...proxy(node), attrs: { order: node.attrs.start } }),
      codeBlock: (state, node) => nodes.code_block(state, { ...proxy(node), attrs: { params: node.attrs.language } }),
      horizontalRule: nodes.horizontal_rule,
      hardBreak: nodes.hard_break,
      picture: (state, node) => {
        nodes.image(state, node)
        state.closeBlock(node)
      },
      rawBlock: (state, node) => {
        state.text(node.attrs.source, false)
        state.closeBlock(node)
      },
      rawInline: (state, node) => state.write(node.attrs.source),
      text: nodes.text,
    },
    {
      italic: marks.em,
      bold: marks.strong,
      strike: { open: '~~', close: '~~', mixable: true, expelEnclosingWhitespace: true },
      spoiler: { open: '||', close: '||', mixable: true, expelEnclosingWhitespace: true },
      link: marks.link,
      code: marks.code,
    },
    { hardBreakNodeName: 'hardBreak', escapeExtraCharacters: /\|(?=\|)|(?<=\|)\||&(?=#?\w+;)|<(?=\w+:)|(?<=^\s*\d+)\)(?=\s)/g },
  )
  return {
    parse: (text) => parser.parse(text),
    serialize: (doc) => serializer.serialize(doc, { tightLists: true }).trim(),
  }
}

/** What the default list and code serializers read of a node, so that only the names of attributes differ. */
function proxy(node) {
  return {
    childCount: node.childCount,
    textContent: node.textContent,
    type: node.type,
    child: (index) => node.child(index),
    forEach: (visit) => node.forEach(visit),
  }
}

/** What one reads of a document, a line for each block, as kit/markdown counts it: without addresses, marks and code. */
export function readable(doc) {
  const lines = []
  doc.descendants((node) => {
    if (node.type.name === 'codeBlock') return false
    if (node.isTextblock) lines.push(node.textBetween(0, node.content.size, '\n', (leaf) => unmarked(leaf.attrs.source ?? '\n')))
    else if (node.type.name === 'picture') lines.push(node.attrs.alt)
    else if (node.attrs.source) lines.push(unmarked(node.attrs.source))
    return !node.isTextblock
  })
  return lines.join('\n')
}

/** Raw Markdown without the labels of footnotes and the addresses of links and pictures. */
function unmarked(source) {
  return source.replace(/\[\^[^\]\s]+\]:?/g, '').replace(/\]\([^()\s]*(?:\s+"[^"]*")?\)/g, ']')
}

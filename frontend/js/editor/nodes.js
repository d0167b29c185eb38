// The editor's own nodes: a picture with its description and caption, what is hidden until one asks, Markdown that stays as it is.
import { Mark, Node, markInputRule, mergeAttributes } from '@tiptap/core'
import { button, field, writing } from './parts.js'
import { rawView } from './raw.js'

export const Picture = Node.create({
  name: 'picture',
  group: 'block',
  draggable: true,
  addAttributes: () => ({ src: { default: '' }, alt: { default: '' }, title: { default: '' } }),
  parseHTML: () => [{ tag: 'img[src^="/media/"]' }],
  renderHTML: ({ HTMLAttributes }) => ['img', mergeAttributes(HTMLAttributes)],
  addNodeView() {
    return ({ node, editor, getPos }) => {
      const dom = document.createElement('figure')
      dom.className = 'picture'
      const image = document.createElement('img')
      image.src = node.attrs.src
      image.alt = node.attrs.alt
      const set = (name) => (value) => {
        const { tr } = editor.state
        editor.view.dispatch(tr.setNodeAttribute(getPos(), name, value))
      }
      const alt = field('Description, for who cannot see it', node.attrs.alt, 1000, set('alt'))
      const title = field('Caption', node.attrs.title, 300, set('title'))
      const remove = button('Remove picture', () => writing(editor).deleteRange({ from: getPos(), to: getPos() + 1 }).run())
      remove.classList.add('picture-remove')
      const box = document.createElement('div')
      box.className = 'picture-fields'
      box.contentEditable = 'false'
      box.append(alt.wrap, title.wrap, remove)
      dom.append(image, box)
      return {
        dom,
        stopEvent: (event) => box.contains(event.target),
        ignoreMutation: () => true,
        update(next) {
          if (next.type !== node.type) return false
          image.src = next.attrs.src
          image.alt = next.attrs.alt
          for (const [one, name] of [[alt, 'alt'], [title, 'title']]) {
            if (document.activeElement !== one.input) one.input.value = next.attrs[name] ?? ''
          }
          return true
        },
      }
    }
  },
})

export const RawBlock = Node.create({
  name: 'rawBlock',
  group: 'block',
  atom: true,
  addAttributes: () => ({ source: { default: '' } }),
  parseHTML: () => [{ tag: 'pre.raw-block', priority: 60, getAttrs: (element) => ({ source: element.textContent }) }],
  renderHTML: ({ node }) => ['pre', { class: 'raw-block' }, node.attrs.source],
  addNodeView: () => rawView,
})

export const RawInline = Node.create({
  name: 'rawInline',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: () => ({ source: { default: '' } }),
  parseHTML: () => [{ tag: '[data-raw]', priority: 60, getAttrs: (element) => ({ source: element.dataset.raw }) }],
  renderHTML: ({ node: { attrs: { source } } }) => {
    const mark = /^\[\^(.+)\]$/.exec(source)
    return mark ? ['sup', { class: 'raw-note', 'data-raw': source }, mark[1]] : ['code', { class: 'raw-inline', 'data-raw': source }, source]
  },
})

/** Words that readers uncover themselves: ||who did it||. */
export const Spoiler = Mark.create({
  name: 'spoiler',
  parseHTML: () => [{ tag: '.spoiler' }],
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes, { class: 'spoiler-typed' }), 0],
  addInputRules() {
    return [markInputRule({ find: /(?:^|[^|])(\|\|(?![\s|])([^|]*[^|\s])\|\|)$/, type: this.type })]
  },
  addCommands: () => ({ toggleSpoiler: () => ({ commands }) => commands.toggleMark('spoiler') }),
})

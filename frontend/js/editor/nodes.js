// The editor's own nodes: a picture with its description and caption, and Markdown that stays as it is.
import { Node, mergeAttributes } from '@tiptap/core'

function field(label, value, limit, change) {
  const wrap = document.createElement('label')
  wrap.className = 'picture-field'
  const name = document.createElement('span')
  name.textContent = label
  const input = document.createElement('input')
  input.type = 'text'
  input.value = value ?? ''
  input.maxLength = limit
  input.addEventListener('input', () => change(input.value))
  wrap.append(name, input)
  return { wrap, input }
}

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
      const remove = document.createElement('button')
      remove.type = 'button'
      remove.className = 'btn btn-sm btn-default picture-remove'
      remove.textContent = 'Remove picture'
      remove.addEventListener('click', () => editor.chain().focus().deleteRange({ from: getPos(), to: getPos() + 1 }).run())
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
  renderHTML: ({ node }) => ['pre', { class: 'raw-block', 'data-note': 'Kept as Markdown' }, node.attrs.source],
})

export const RawInline = Node.create({
  name: 'rawInline',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: () => ({ source: { default: '' } }),
  renderHTML: ({ node }) => ['code', { class: 'raw-inline' }, node.attrs.source],
})

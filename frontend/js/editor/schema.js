// What the rich editor knows: StarterKit, our own nodes. The page's only h1 is its title, so headings are drawn one lower.
import { mergeAttributes } from '@tiptap/core'
import { Placeholder } from '@tiptap/extensions'
import Heading from '@tiptap/extension-heading'
import StarterKit from '@tiptap/starter-kit'
import { Picture, RawBlock, RawInline, Spoiler } from './nodes.js'

const LowerHeading = Heading.extend({
  renderHTML: ({ node, HTMLAttributes }) => [`h${Math.min(6, node.attrs.level + 1)}`, mergeAttributes(HTMLAttributes), 0],
  parseHTML: () => [1, 2, 3, 4, 5, 6].map((tag) => ({ tag: `h${tag}`, attrs: { level: Math.max(1, tag - 1) } })),
}).configure({ levels: [1, 2, 3, 4, 5, 6] })

export const extensions = (placeholder = '') => [
  StarterKit.configure({
    heading: false,
    underline: false,
    link: { openOnClick: false, autolink: true, defaultProtocol: 'https' },
  }),
  LowerHeading,
  Picture,
  RawBlock,
  RawInline,
  Spoiler,
  Placeholder.configure({ placeholder }),
]

// Pictures: chosen, pasted or dropped; sent to the media API while a note says so.
import { writing } from './parts.js'

export function pictures(files) {
  return [...(files ?? [])].filter((file) => file.type.startsWith('image/'))
}

export function makeUpload({ editor, csrf, toast, say, limit }) {
  const count = () => {
    let found = 0
    editor.state.doc.descendants((node) => { if (node.type.name === 'picture') found++ })
    return found
  }
  const send = async (file) => {
    const body = new FormData()
    body.append('file', file)
    const response = await fetch('/api/v1/media', { method: 'POST', body, headers: { 'X-CSRF-Token': csrf() } })
    const answer = await response.json().catch(() => ({}))
    if (!response.ok) throw new Error(answer.detail || 'The picture could not be taken in.')
    return answer
  }
  return async (files, at = null) => {
    for (const file of files) {
      if (count() >= limit) return toast({ text: `At most ${limit} pictures.`, kind: 'warn' })
      say(`Sending ${file.name || 'the picture'} …`)
      try {
        const media = await send(file)
        const picture = { type: 'picture', attrs: { src: media.url, alt: media.alt ?? '', title: '' } }
        // Who writes elsewhere by now, in the title say, goes on there.
        const elsewhere = document.activeElement?.matches('input:not([type="file"]), textarea, select')
        if (at === null) (elsewhere ? editor.chain() : writing(editor)).insertContent([picture, { type: 'paragraph' }]).run()
        else editor.chain().insertContentAt(at, picture).run()
        say('')
      } catch (error) {
        say('')
        toast({ text: error instanceof TypeError ? 'The network did not answer. The picture was not sent.' : error.message, kind: 'bad', seconds: 10 })
      }
    }
  }
}

// Pictures of one's library, to choose one for the text. The dialog holds a form that searches and a place for what is found.
import { button, writing } from './parts.js'

let showFor = null

export function pictureFromLibrary(editor) {
  const dialog = document.getElementById('library-dialog')
  showFor = editor
  if (!dialog.dataset.ready) setUp(dialog)
  dialog.showModal()
  dialog.querySelector('[data-library-form]').requestSubmit()
}

function setUp(dialog) {
  dialog.dataset.ready = ''
  const form = dialog.querySelector('[data-library-form]')
  const found = dialog.querySelector('[data-library-found]')
  const said = dialog.querySelector('[data-library-said]')
  const more = button('Show more', () => load(more.dataset.cursor))
  more.hidden = true
  found.after(more)
  let asked = 0

  async function load(cursor) {
    const mine = ++asked
    const query = new URLSearchParams({ kind: 'image', limit: '24', q: form.elements.q.value.trim() })
    if (!query.get('q')) query.delete('q')
    if (cursor) query.set('cursor', cursor)
    said.textContent = 'Looking …'
    let answer
    try {
      const response = await fetch(`/api/v1/media?${query}`)
      if (!response.ok) throw new Error()
      answer = await response.json()
    } catch {
      said.textContent = 'Your library could not be opened. Please try again.'
      return
    }
    if (mine !== asked) return
    if (!cursor) found.replaceChildren()
    const shown = answer.items.filter((file) => file.state === 'ready' && file.visibility === 'public' && file.url)
    found.append(...shown.map((file) => choice(file, dialog)))
    said.textContent = found.childElementCount ? '' : 'No picture fits. Pictures that you upload stand here.'
    more.hidden = !answer.next_cursor
    more.dataset.cursor = answer.next_cursor ?? ''
  }
  form.addEventListener('submit', (event) => { event.preventDefault(); load(null) })
}

function choice(file, dialog) {
  const item = document.createElement('li')
  const press = document.createElement('button')
  press.type = 'button'
  press.className = 'library-choice'
  press.setAttribute('aria-label', file.alt || file.title || file.filename)
  const image = document.createElement('img')
  image.src = `/media/${file.id}/320.webp`
  image.alt = ''
  image.loading = 'lazy'
  press.append(image)
  press.addEventListener('click', () => {
    dialog.close()
    writing(showFor).insertContent([{ type: 'picture', attrs: { src: file.url, alt: file.alt ?? '', title: file.caption?.slice(0, 300) ?? '' } }, { type: 'paragraph' }]).run()
  })
  item.append(press)
  return item
}

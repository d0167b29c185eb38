// The studio of a site. Every page of it works without this file; with it, choices are seen before they are kept.
import { onReady } from './ready.js'

const later = (wait, run) => {
  let timer
  return () => { clearTimeout(timer); timer = setTimeout(run, wait) }
}
const HEX = /^#[0-9a-f]{6}$/i

// form[data-look]: what is chosen in it is shown in [data-look-frame], whose address takes the choices as its query.
onReady('form[data-look]', (form) => {
  const frame = form.querySelector('[data-look-frame]')
  const wanted = new Set(['theme', 'primary_color', 'secondary_color', 'accent_color', 'heading_font', 'body_font', 'home', 'shelf', 'width', 'nav', 'radius', 'density'])
  const address = (of = form) => {
    const query = new URLSearchParams([...new FormData(of)].filter(([name]) => wanted.has(name)))
    return `${form.dataset.look}?${query}`
  }
  // What the frame came with; something may have been chosen before this file was here.
  const made = form.cloneNode(true)
  made.reset()
  let shown = address(made)
  const show = later(350, () => {
    const next = address()
    if (next === shown) return
    shown = next
    frame.contentWindow.location.replace(next) // no step in the history for each choice
  })
  form.addEventListener('input', show)
  form.addEventListener('change', show)
  show()
})

// [data-contrast]: whether the main colour of the form around it can be read, told anew as it is chosen.
onReady('[data-contrast]', (place) => {
  const field = document.getElementById('f-primary_color')
  field.addEventListener('input', later(300, async () => {
    if (field.value && !HEX.test(field.value)) return
    const answer = await fetch(`${place.dataset.contrast}?${new URLSearchParams({ primary_color: field.value.toLowerCase() })}`)
    if (answer.ok) place.innerHTML = await answer.text()
  }))
})

onReady('[data-look-widths]', (group) => {
  group.hidden = false
  const box = group.closest('.look').querySelector('.look-box')
  group.addEventListener('click', (event) => {
    const button = event.target.closest('[data-width]')
    if (!button) return
    box.toggleAttribute('data-narrow', button.dataset.width === 'narrow')
    for (const one of group.children) one.setAttribute('aria-pressed', String(one === button))
  })
})

// A well beside a field for a colour: each follows the other.
onReady('[data-colour-for]', (well) => {
  const field = document.getElementById(well.dataset.colourFor)
  well.hidden = false
  well.addEventListener('input', () => {
    field.value = well.value
    field.dispatchEvent(new Event('input', { bubbles: true }))
  })
  field.addEventListener('input', () => { if (HEX.test(field.value)) well.value = field.value.toLowerCase() })
})

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-take-colour]')
  if (!button) return
  const field = document.getElementById(button.dataset.into)
  field.value = button.dataset.takeColour
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.focus()
})

// What is typed is shown where it will stand: [data-mirror=name] in [data-mirrored=name].
onReady('[data-mirror]', (field) => {
  const places = document.querySelectorAll(`[data-mirrored="${field.dataset.mirror}"]`)
  field.addEventListener('input', () => places.forEach((place) => { place.textContent = field.value.trim() || place.dataset.otherwise }))
})

// [data-names=id]: the address that will be made of a name is shown in the field for it, until one is typed there.
onReady('[data-names]', (field) => {
  const address = document.getElementById(field.dataset.names)
  const shown = () => {
    const plain = field.value.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
    address.placeholder = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 50).replace(/-+$/, '')
  }
  field.addEventListener('input', shown)
  shown()
})

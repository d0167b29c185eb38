// One's own account: the part of a picture that is one's face, this device's time zone, the tab that is open.
import { onReady } from './ready.js'

// [data-face]: choosing the part of a picture that is one's face. Without this the server takes the middle.
// A canvas, not an <img>: what the person chose is never given an address.

const STEP = 0.02 // of the part's side, for one press of an arrow key

onReady('form[data-face]', (form) => {
  const file = form.querySelector('input[type=file]')
  const box = form.querySelector('[data-face-cut]')
  const canvas = form.querySelector('[data-face-canvas]')
  const zoom = form.querySelector('[data-face-zoom]')
  const paint = canvas.getContext('2d')
  let picture = null
  let middle = { x: 0, y: 0 }

  const side = () => Math.max(1, Math.min(picture.width, picture.height) * 100 / Number(zoom.value))
  const hold = () => {
    const half = side() / 2
    middle.x = Math.min(Math.max(middle.x, half), picture.width - half)
    middle.y = Math.min(Math.max(middle.y, half), picture.height - half)
  }
  const draw = () => {
    hold()
    const part = side()
    paint.clearRect(0, 0, canvas.width, canvas.height)
    paint.imageSmoothingQuality = 'high'
    paint.drawImage(picture, middle.x - part / 2, middle.y - part / 2, part, part, 0, 0, canvas.width, canvas.height)
  }
  const move = (x, y) => { middle = { x: middle.x + x, y: middle.y + y }; draw() }
  const enlarge = (by) => { zoom.value = String(Number(zoom.value) + by); draw() }

  form.querySelector('[data-face-hint]').hidden = false
  file.addEventListener('change', async () => {
    box.hidden = true
    picture?.close()
    picture = null
    if (!file.files[0]) return
    try {
      picture = await createImageBitmap(file.files[0])
    } catch { // not a picture this browser knows: the server says what it thinks of it
      return
    }
    middle = { x: picture.width / 2, y: picture.height / 2 }
    zoom.value = '100'
    box.hidden = false
    draw()
  })
  zoom.addEventListener('input', draw)

  let last = null
  canvas.addEventListener('pointerdown', (event) => { last = event; canvas.setPointerCapture(event.pointerId) })
  canvas.addEventListener('pointermove', (event) => {
    if (!last || !picture) return
    const scale = side() / canvas.clientWidth
    move((last.clientX - event.clientX) * scale, (last.clientY - event.clientY) * scale)
    last = event
  })
  for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => { last = null })
  canvas.addEventListener('wheel', (event) => {
    if (!picture) return
    event.preventDefault()
    enlarge(event.deltaY < 0 ? 10 : -10)
  }, { passive: false })
  const keys = {
    ArrowLeft: () => move(-STEP * side(), 0),
    ArrowRight: () => move(STEP * side(), 0),
    ArrowUp: () => move(0, -STEP * side()),
    ArrowDown: () => move(0, STEP * side()),
    '+': () => enlarge(10),
    '=': () => enlarge(10),
    '-': () => enlarge(-10),
  }
  canvas.addEventListener('keydown', (event) => {
    if (!picture || !keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  })

  form.addEventListener('formdata', (event) => {
    if (!picture) return
    const size = Math.max(1, Math.floor(side()))
    event.formData.set('x', String(Math.max(0, Math.min(Math.round(middle.x - size / 2), picture.width - size))))
    event.formData.set('y', String(Math.max(0, Math.min(Math.round(middle.y - size / 2), picture.height - size))))
    event.formData.set('size', String(size))
  })
})

// [data-own-zone]: offers the time zone that this device is set to, where it is another than the chosen one.
onReady('select[data-own-zone]', (select) => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  const option = [...select.options].find((one) => one.value === own)
  if (!option || select.value === own) return
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'btn btn-ghost btn-sm self-start'
  button.textContent = `Use ${option.textContent}, as this device does`
  button.addEventListener('click', () => { select.value = own; select.focus(); button.remove() })
  select.after(button)
})

// On a phone the places of a rail lie in one line: the open one is brought into sight.
onReady('.rail [aria-current]', (place) => {
  const rail = place.closest('.rail')
  if (rail.scrollWidth > rail.clientWidth) rail.scrollLeft = place.offsetLeft - (rail.clientWidth - place.offsetWidth) / 2
})

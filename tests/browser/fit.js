// What shuts somebody out: what axe-core finds, elements that stick out of the screen sideways, targets that are too
// small for a finger.
(() => {
  const GRAVE = ['serious', 'critical']
  window.barriers = async (rules) => {
    const only = rules && { runOnly: { type: 'rule', values: rules } }
    const { violations } = await axe.run(document, { resultTypes: ['violations'], preload: false, iframes: false, ...only })
    return violations.filter((one) => GRAVE.includes(one.impact)).flatMap((one) => one.nodes.slice(0, 4).map((node) => {
      const check = node.any[0] ?? node.all[0] ?? node.none[0]
      return `${one.impact}: ${one.id}: ${node.html.slice(0, 160)}: ${check?.message ?? one.help}`
    }))
  }

  const LEAST = 44
  const named = (element) => {
    const classes = typeof element.className === 'string' && element.className ? `.${element.className.trim().split(/\s+/).join('.')}` : ''
    const said = (element.getAttribute('aria-label') || element.textContent || element.getAttribute('name') || '').trim().replace(/\s+/g, ' ')
    return `<${element.localName}${classes}> “${said.slice(0, 40)}”`
  }
  const shown = (element) => {
    if (!element.checkVisibility({ opacityProperty: false, visibilityProperty: true })) return false
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1
  }
  // Only for the eyes of a screen reader, or kept inside something that scrolls or cuts by itself.
  const kept = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at)
      if (at.classList.contains('sr-only') || at.classList.contains('skip-link')) return true
      if (at !== element && ['auto', 'scroll', 'hidden', 'clip'].includes(style.overflowX)) return true
    }
    return false
  }

  const texts = (element) => {
    const found = []
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      if (walker.currentNode.parentElement.closest('.sr-only, .spinner')) continue
      const range = document.createRange()
      range.selectNodeContents(walker.currentNode)
      if (range.getBoundingClientRect().width > 1) found.push(range.getBoundingClientRect())
    }
    return found
  }

  window.sticksOut = () => {
    const width = document.documentElement.clientWidth
    const faults = []
    const wide = document.documentElement.scrollWidth
    if (wide > width) faults.push(`scrolls sideways: ${wide} px on a screen of ${width}`)
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest('svg') && element.localName !== 'svg') continue
      const box = element.getBoundingClientRect()
      if ((box.right > width + 1 || box.left < -1) && shown(element) && !kept(element)) {
        faults.push(`${named(element)} reaches from ${Math.round(box.left)} to ${Math.round(box.right)} on a screen of ${width}`)
      }
    }
    for (const element of document.querySelectorAll('a, button, summary, label')) {
      const box = element.getBoundingClientRect()
      const spills = texts(element).some((text) => text.right > box.right + 1 || text.left < box.left - 1)
      if (spills && shown(element) && !kept(element) && getComputedStyle(element).overflowX === 'visible') {
        faults.push(`${named(element)} is narrower than what it says`)
      }
    }
    return faults.slice(0, 5)
  }

  // A link within a sentence is as high as its line, and may be.
  const inText = (element) => {
    if (element.localName !== 'a' || getComputedStyle(element).display !== 'inline') return false
    if (element.closest('.reading')) return true
    const around = [...element.parentElement.childNodes]
      .filter((node) => node !== element && !(node.nodeType === 1 && node.matches('a, button, .sr-only')))
      .map((node) => node.textContent).join('').replace(/[\s·/|,]+/g, '')
    return around.length > 0
  }
  const targetOf = (element) => {
    const label = element.matches('input, select, textarea') && [...(element.labels ?? [])].find((one) => one.contains(element))
    if (label && ['radio', 'checkbox'].includes(element.type)) return label
    return element.closest('.input') ?? element
  }
  // What a finger finds that lands half of LEAST beside the middle: also what a pseudo-element adds is found so.
  const isFound = (element) => {
    element.scrollIntoView({ block: 'center', inline: 'center' })
    const box = element.getBoundingClientRect()
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
    const reach = LEAST / 2 - 1
    const places = []
    if (box.width < LEAST - 0.5) places.push([x - reach, y], [x + reach, y])
    if (box.height < LEAST - 0.5) places.push([x, y - reach], [x, y + reach])
    return places.every(([left, top]) => {
      const hit = document.elementFromPoint(left, top)
      return hit && (element.contains(hit) || hit.closest('label')?.control === element)
    })
  }

  window.tooSmall = () => {
    const faults = []
    const seen = new Set()
    const open = document.querySelector('dialog[open], details[data-menu][open]')
    for (const one of (open ?? document).querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [contenteditable=true]')) {
      const element = targetOf(one)
      if (seen.has(element) || one.disabled || !shown(element) || one.closest('.skip-link') || one.getAttribute('aria-hidden') === 'true' || inText(element)) continue
      seen.add(element)
      if (getComputedStyle(element).clip !== 'auto' || element.closest('.sr-only')) continue
      const box = element.getBoundingClientRect()
      if (box.width >= LEAST - 0.5 && box.height >= LEAST - 0.5) continue
      if (isFound(element)) continue
      faults.push(`${named(element)} is ${Math.round(box.width)} × ${Math.round(box.height)}`)
    }
    return faults
  }

  // Two frames: in the first something begins to be another, in the second it is.
  const settled = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))

  // All that is wrong with the page as it stands there; on a phone also how it fits. Asked at once: each question takes
  // its way through three processes.
  window.unfit = async (isPhone) => {
    await settled()
    return [...await barriers(), ...isPhone ? [...sticksOut(), ...tooSmall()] : []]
  }
})()

// Where the focus is, what it is called there, and whether it can be seen.
(() => {
  const FRAMES = 'label, .input, .radio-card, .work, .lead'
  const said = (element) => {
    let text = ''
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const around = walker.currentNode.parentElement
      if (!around.closest('[aria-hidden=true]') && around.checkVisibility({ visibilityProperty: true })) text += ` ${walker.currentNode.data}`
    }
    return text.trim().replace(/\s+/g, ' ')
  }
  const named = (element) => {
    const labels = [...(element.labels ?? [])].map(said).join(' ')
    return element.getAttribute('aria-label') || labels || said(element) || element.placeholder || element.localName
  }
  const drawn = (element) => {
    const style = getComputedStyle(element)
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
  }
  const shadowed = (element) => getComputedStyle(element).boxShadow !== 'none'

  window.focusName = () => (document.activeElement === document.body ? '' : named(document.activeElement))

  // Something may slide in when the focus comes, which takes a frame or two.
  window.focusFaults = async () => {
    let faults = []
    for (let frame = 0; frame < 5; frame++) {
      faults = look()
      if (!faults.length) break
      await new Promise(requestAnimationFrame)
    }
    return faults
  }

  const look = () => {
    const element = document.activeElement
    if (element === document.body) return []
    const faults = []
    const frame = element.closest(FRAMES)
    const marked = drawn(element) || (frame && drawn(frame)) || (element.nextElementSibling && drawn(element.nextElementSibling))
    if (!marked && !shadowed(element) && !(frame?.matches('.input') && shadowed(frame))) faults.push('nothing shows the focus')
    const box = (frame && !drawn(element) ? frame : element).getBoundingClientRect()
    const [left, right] = [Math.max(1, box.left + 2), Math.min(innerWidth - 1, box.right - 2)]
    const [top, bottom] = [Math.max(1, box.top + 2), Math.min(innerHeight - 1, box.bottom - 2)]
    if (right < left || bottom < top) return [...faults, 'the focus is outside of the screen']
    const places = [[(left + right) / 2, (top + bottom) / 2], [left, top], [right, top], [left, bottom], [right, bottom]]
    const seen = places.some(([x, y]) => {
      const hit = document.elementFromPoint(x, y)
      return hit && (element.contains(hit) || hit.contains(element) || frame?.contains(hit))
    })
    if (!seen) faults.push('something lies over the focus')
    return faults
  }
})()

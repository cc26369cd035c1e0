import { css } from 'lit'

/** An element that follows a finger, and uncovers the name of the swipe action. */
export const swipeStyles = css`
  .item,
  .toast {
    touch-action: pan-y pinch-zoom;
  }
  [data-swipe] {
    translate: var(--swipe) 0;
    user-select: none;
  }
  .item[data-swipe]::after {
    content: attr(data-label);
    position: absolute;
    inset-block: 0;
    inline-size: var(--uncovered);
    display: grid;
    align-items: center;
    justify-content: center;
    overflow: hidden;
    white-space: nowrap;
    font-size: calc(13 * var(--_px));
    font-weight: 600;
    color: var(--_soft);
    background: var(--_hover);
    border-radius: calc(8 * var(--_px));
  }
  .item[data-far]::after {
    color: var(--_accent-ink);
    background: var(--_accent);
  }
  [data-swipe='start']::after {
    inset-inline-start: 100%;
  }
  [data-swipe='end']::after {
    inset-inline-end: 100%;
  }
  @media (pointer: coarse) {
    .item {
      user-select: none;
      -webkit-touch-callout: none;
    }
  }
  @media (prefers-reduced-motion: no-preference) {
    [data-back],
    [data-back]::after {
      transition:
        translate var(--_slow) var(--_ease),
        inline-size var(--_slow) var(--_ease);
    }
  }
`

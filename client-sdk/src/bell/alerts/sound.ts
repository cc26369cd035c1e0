/** The frequency of each note in Hz, and its start in seconds. */
const NOTES = [
  [880, 0],
  [1_318.5, 0.09],
] as const
const LENGTH_S = 0.45
const VOLUME = 0.12

/** The minimum time between two sounds, so that a burst of items plays only one. */
const PAUSE_MS = 1_000

let audio: AudioContext | undefined
let played = -PAUSE_MS

/**
 * Plays two short synthesized notes. Does nothing before the user has clicked or typed in the page, because browsers block
 * sound until then.
 */
export const playSound = async (): Promise<void> => {
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return
  if (performance.now() - played < PAUSE_MS) return
  played = performance.now()
  try {
    audio ??= new AudioContext()
    await audio.resume()
  } catch {
    // There is no audio device.
    return
  }
  for (const [hertz, after] of NOTES) {
    const start = audio.currentTime + after
    const note = new OscillatorNode(audio, { frequency: hertz })
    const volume = new GainNode(audio, { gain: 0 })
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(VOLUME, start + 0.01)
    volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_S)
    note.connect(volume).connect(audio.destination)
    note.start(start)
    note.stop(start + LENGTH_S)
  }
}

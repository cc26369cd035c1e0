/**
 * Extensions of files that are never attached: programs, scripts, installers, and files that run once they are opened. The list
 * is that of Gmail (https://support.google.com/mail/answer/6590), with `com`, `bas`, `reg` and `sh`, which other mail servers
 * refuse too.
 */
const REFUSED_EXTENSIONS: ReadonlySet<string> = new Set(
  `
    ade adp apk appx appxbundle bas bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe
    hta img ins iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 reg
    scr sct sh shb sys vb vbe vbs vhd vxd wsc wsf wsh xll
  `
    .trim()
    .split(/\s+/),
)

/** Media types that are never attached. Mail clients would read a message or multipart as part of the e-mail. */
const REFUSED_TYPES =
  /^(?:multipart\/|message\/|(?:text|application)\/(?:x-)?(?:javascript|ecmascript|vbscript)|application\/(?:hta|java-archive|vnd\.android\.package-archive|vnd\.microsoft\.portable-executable|x-(?:apple-diskimage|bat|dosexec|executable|mach-binary|ms-installer|ms-shortcut|msdos-program|msdownload|msi|sh|sharedlib|shellscript)))/i

const extensionOf = (filename: string): string => {
  // Windows drops dots and blanks at the end.
  const name = filename.replace(/[. ]{1,255}$/, '')
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** Returns why a file of this name is refused; undefined if it is not. */
export const refusedFilename = (filename: string): string | undefined => {
  // On NTFS, a colon separates the file name from the name of a stream.
  const extension = [filename, ...filename.split(':', 1)]
    .map(extensionOf)
    .find((each) => REFUSED_EXTENSIONS.has(each))
  return extension === undefined ? undefined : `.${extension} files cannot be attached`
}

/** Returns why a file of this media type is refused; undefined if it is not. */
export const refusedMediaType = (type: string): string | undefined =>
  REFUSED_TYPES.test(type.trim()) ? 'files of this media type cannot be attached' : undefined

const startsWith = (bytes: Uint8Array, ...start: number[]) =>
  start.every((byte, index) => bytes[index] === byte)

/** The offset of the DOS header field that holds the offset of the PE header. */
const PE_OFFSET = 0x3c

const isWindowsProgram = (bytes: Uint8Array): boolean => {
  if (!startsWith(bytes, 0x4d, 0x5a) || bytes.length < PE_OFFSET + 4) return false
  const at = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(PE_OFFSET, true)
  return startsWith(bytes.subarray(at), 0x50, 0x45, 0, 0)
}

/** Returns why a file that starts with these bytes is refused; undefined if it is not. Archives are not unpacked. */
export const refusedContent = (bytes: Uint8Array): string | undefined =>
  isWindowsProgram(bytes) ||
  startsWith(bytes, 0x7f, 0x45, 0x4c, 0x46) ||
  startsWith(bytes, 0xcf, 0xfa, 0xed, 0xfe) ||
  startsWith(bytes, 0xce, 0xfa, 0xed, 0xfe) ||
  startsWith(bytes, 0x23, 0x21)
    ? 'programs cannot be attached'
    : undefined

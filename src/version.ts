declare const LABMAKE_VERSION: string

/** labmake's own version, from package.json; put in by the build. */
export const version: string = LABMAKE_VERSION

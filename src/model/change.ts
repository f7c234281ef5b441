/** What somebody else did to a workspace while an engine watches it. Hints: what is there now, only a look tells. */
export type Change =
  /** rules/ or a file in it: the rules are to be read again. */
  | { readonly kind: 'rules' }
  /** data/manifests/ or a file in it. */
  | { readonly kind: 'manifests' }
  /** Something came into the inbox, left it or grew there. */
  | { readonly kind: 'inbox' }
  /** Sources, targets or used files of these batches. */
  | { readonly kind: 'batches'; readonly names: ReadonlySet<string> }
  /** What cannot be told batch by batch: everything is to be planned anew. */
  | { readonly kind: 'everything'; readonly why: string }

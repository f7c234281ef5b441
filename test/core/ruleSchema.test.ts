import { expect, test } from 'vitest'
import { ruleFileJsonSchema } from '../../src/core/ruleSchema.ts'

test("the JSON Schema that editors use is made of today's definition (vitest -u writes it)", async () => {
  await expect(`${JSON.stringify(ruleFileJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../rules/labmake.schema.json',
  )
})

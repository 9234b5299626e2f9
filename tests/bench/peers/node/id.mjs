/** A fixed id that looks drawn at random, as ids in use are: 64 bits. */
export function id(n) {
  const mask = (1n << 64n) - 1n
  let z = ((BigInt(n) + 1n) * 0x9e3779b97f4a7c15n) & mask
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask
  return z ^ (z >> 31n)
}

/** An id as a name of 11 letters: 64 bits in the letters of base 64. */
export function agentName(id) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  let name = ''
  for (let i = 0n; i < 11n; i++) name += letters[Number((id >> (6n * i)) & 63n)]
  return name
}

/** Buffers that transfers borrow for one block at a time. */
export interface BufferPool {
  /** Takes a buffer of at most `wanted` bytes, rounded up to a power of two; a smaller one if memory is short. */
  take(wanted: number): Buffer;
  give(buffer: Buffer): void;
  /** Whether a transfer should use one buffer only, because only the smallest are left. */
  isShort(): boolean;
}

export const smallestBlock: number = 64 * 1024;
export const largestBlock: number = 4 * 1024 * 1024;

/**
 * Creates a pool that holds `total` bytes, and beyond that only one of the smallest buffers for each transfer. It keeps
 * its buffers: allocating them again for each transfer doubled the time for a file of 10 MiB.
 *
 * Clients that read slowly hold their buffers. So that the first few cannot take everything, no buffer is larger than a
 * quarter of what is left; and so that many cannot stop the rest, the smallest are always granted: their total is
 * limited by the number of connections.
 */
export function createBufferPool(total: number): BufferPool {
  const idle = new Map<number, Buffer[]>();
  let idleBytes = 0;
  let taken = 0;
  return {
    take(wanted) {
      const most = Math.min(largestBlock, (total - taken) / 4);
      let size = smallestBlock;
      while (size < wanted && size * 2 <= most) size *= 2;
      taken += size;
      const buffer = idle.get(size)?.pop();
      if (buffer) {
        idleBytes -= size;
        return buffer;
      }
      if (taken + idleBytes > total) {
        // Idle buffers of other sizes make room for it.
        idle.clear();
        idleBytes = 0;
      }
      return Buffer.allocUnsafeSlow(size);
    },
    give(buffer) {
      const size = buffer.length;
      taken -= size;
      if (taken + idleBytes + size > total) return;
      idleBytes += size;
      const others = idle.get(size);
      if (others) others.push(buffer);
      else idle.set(size, [buffer]);
    },
    isShort: () => total - taken < 8 * smallestBlock,
  };
}

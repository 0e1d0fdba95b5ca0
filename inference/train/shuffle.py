"""The same GGUF with its weights in disorder: every Q8_0 tensor's blocks permuted. Needs nothing but Python.

    python3 shuffle.py IN.gguf OUT.gguf [SEED]

What such a file writes is noise; a test runs it to prove that the model's weights write the briefs, not the code around them."""
import random
import struct
import sys

Q8_0, BLOCK = 8, 34
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, fmt):
        value, = struct.unpack_from('<' + fmt, self.data, self.at)
        self.at += struct.calcsize(fmt)
        return value

    def string(self):
        n = self.number('Q')
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def skip(self, kind):
        if kind == 8:
            self.string()
        elif kind == 9:
            item, count = self.number('I'), self.number('Q')
            for _ in range(count):
                self.skip(item)
        else:
            self.at += SIZES[kind]


def main():
    source, target, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with open(source, 'rb') as f:
        data = bytearray(f.read())
    r, rnd, alignment = Reader(data), random.Random(seed), 32
    r.at = 8
    n_tensors, n_keys = r.number('Q'), r.number('Q')
    for _ in range(n_keys):
        key, kind = r.string(), r.number('I')
        if key == 'general.alignment':
            alignment = struct.unpack_from('<I', data, r.at)[0]
        r.skip(kind)
    tensors = []
    for _ in range(n_tensors):
        r.string()
        count = 1
        for _ in range(r.number('I')):
            count *= r.number('Q')
        kind, offset = r.number('I'), r.number('Q')
        tensors.append((count, kind, offset))
    base = -(-r.at // alignment) * alignment
    for count, kind, offset in tensors:
        if kind == Q8_0:
            start, n = base + offset, count // 32
            blocks = [bytes(data[start + i * BLOCK:start + (i + 1) * BLOCK]) for i in range(n)]
            rnd.shuffle(blocks)
            data[start:start + n * BLOCK] = b''.join(blocks)
    with open(target, 'wb') as f:
        f.write(data)


if __name__ == '__main__':
    main()

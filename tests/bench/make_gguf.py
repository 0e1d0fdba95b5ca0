"""Makes GGUF files of the shapes of published models, with random weights: as fast as the originals, and free.

    make_gguf.py SHAPE TYPE FILE [--layers N]        SHAPE: see SHAPES; TYPE: q8_0 or q4_k

Blocks are drawn, not quantised from floats: a block of any bytes is a valid one, and its scale gives the values the
spread that they have in trained models, so that hidden states stay finite and tokens spread over the experts. Types are
chosen as llama.cpp's quantiser does (q4_k is its Q4_K_S without the raised layers): norms and routers F32, the output
matrix Q6_K under q4_k, Q5_0 and Q8_0 where rows are no whole blocks of 256. Layouts: the GGUF specification and
ggml's ggml-common.h. Needs numpy."""
import argparse
import math
import os
import struct
import sys

import numpy as np

F32, Q5_0, Q8_0, Q4_K, Q6_K = 0, 6, 8, 12, 14
BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 12: (256, 144), 13: (256, 176),
          14: (256, 210), 30: (1, 2), 39: (32, 17)}  # type: values and bytes of a block
ALIGNMENT = 32
CHUNK = 1 << 24  # values drawn at once

# The published configurations (config.json of each on the model hub); `layers` of the larger ones is cut where said.
SHAPES = {
    "granite-1b-a400m": dict(  # ibm-granite/granite-3.1-1b-a400m
        arch="granitemoe", layers=24, embd=1024, heads=16, heads_kv=8, head=64, ff=512, experts=32, used=8, vocab=49155,
        context=131072, base=10000000.0, eps=1e-6, tied=True,
        floats={"embedding_scale": 12.0, "residual_scale": 0.22, "attention.scale": 0.015625, "logit_scale": 6.0}),
    "olmoe-1b-7b": dict(  # allenai/OLMoE-1B-7B-0924
        arch="olmoe", layers=16, embd=2048, heads=16, heads_kv=16, head=128, ff=1024, experts=64, used=8, vocab=50304,
        context=4096, base=10000.0, eps=1e-5, tied=False, qk_norm="all"),
    "qwen3-30b-a3b-4l": dict(  # Qwen/Qwen3-30B-A3B, 4 of 48 layers
        arch="qwen3moe", layers=4, embd=2048, heads=32, heads_kv=4, head=128, ff=6144, expert_ff=768, experts=128, used=8,
        vocab=151936, context=40960, base=1000000.0, eps=1e-6, tied=False, qk_norm="head"),
    "deepseek-v2-lite-12e": dict(  # deepseek-ai/DeepSeek-V2-Lite, 12 of 64 experts, the first layer dense; llama.cpp knows it
        # by its 27 layers, and asks others for the rank of the queries, which it has not
        arch="deepseek2", layers=27, embd=2048, heads=16, heads_kv=1, ff=10944, expert_ff=1408, experts=12, used=6, shared=2,
        dense=1, kv_lora=512, rope=64, nope=128, value=128, vocab=102400, context=163840, base=10000.0, eps=1e-6, tied=False),
    "smollm2-135m": dict(  # HuggingFaceTB/SmolLM2-135M
        arch="llama", layers=30, embd=576, heads=9, heads_kv=3, head=64, ff=1536, vocab=49152, context=8192, base=100000.0,
        eps=1e-5, tied=True),
    "dense-1b3": dict(  # no published model: as many parameters as granite-1b-a400m, all of them used
        arch="llama", layers=24, embd=2048, heads=32, heads_kv=8, head=64, ff=6656, vocab=49155, context=8192, base=10000.0,
        eps=1e-5, tied=True),
}


# ---- blocks --------------------------------------------------------------------------------------------------------

def halves(values):
    return np.asarray(values, np.float16).reshape(-1, 1).view(np.uint8)


def random_bytes(rng, n, width):
    return np.frombuffer(rng.bytes(n * width), np.uint8).reshape(n, width)


def draw_q8_0(rng, n, std):
    q = random_bytes(rng, n, 32).view(np.int8)
    d = np.full(n, std / 73.6)  # a uniform byte's spread
    return np.concatenate([halves(d), np.maximum(q, -127).view(np.uint8)], 1)


def draw_q5_0(rng, n, std):
    return np.concatenate([halves(np.full(n, std / 9.23)), random_bytes(rng, n, 20)], 1)  # uniform over -16 to 15


def draw_q4_k(rng, n, std):
    """Scales 32 to 63; minimums the same and dmin 7.5 times d, so that values are around zero."""
    s = rng.integers(32, 64, (n, 8), np.uint8)
    low, high = s[:, :4], s[:, 4:]
    six = low | (high >> 4) << 6
    scales = np.concatenate([six, six, (high & 15) | (high & 15) << 4], 1)
    d = np.full(n, std / (4.61 * 48.4))
    return np.concatenate([halves(d), halves(7.5 * d), scales, random_bytes(rng, n, 128)], 1)


def draw_q6_k(rng, n, std):
    scales = rng.integers(64, 128, (n, 16), np.uint8)
    return np.concatenate([random_bytes(rng, n, 192), scales, halves(np.full(n, std / (18.5 * 97)))], 1)


DRAW = {Q5_0: draw_q5_0, Q8_0: draw_q8_0, Q4_K: draw_q4_k, Q6_K: draw_q6_k}


def write_values(f, rng, kind, n, std, mean):
    values, _ = BLOCKS[kind]
    for at in range(0, n, CHUNK):
        k = min(CHUNK, n - at)
        if kind == F32:
            f.write((rng.standard_normal(k, np.float32) * np.float32(std) + np.float32(mean)).data)
        else:
            f.write(np.ascontiguousarray(DRAW[kind](rng, k // values, std)).data)


# ---- shapes --------------------------------------------------------------------------------------------------------

class Plan:
    """Keys and tensors of one model. Tensors: (name, dims with the row length first, kind of use, spread, mean)."""

    def __init__(self, shape):
        self.s, self.keys, self.tensors = shape, [], []
        self.prefix = shape["arch"] + "."

    def u32(self, key, value):
        self.keys.append((self.prefix + key, 4, struct.pack("<I", value)))

    def f32(self, key, value):
        self.keys.append((self.prefix + key, 6, struct.pack("<f", value)))

    def matrix(self, name, dims, gain=1.0, use="weight"):
        self.tensors.append((name + ".weight", dims, use, gain / math.sqrt(dims[0]), 0.0))

    def norm(self, name, n):
        self.tensors.append((name + ".weight", (n,), "norm", 0.1, 1.0))


def add_keys(p):
    s = p.s
    p.u32("block_count", s["layers"])
    p.u32("context_length", s["context"])
    p.u32("embedding_length", s["embd"])
    p.u32("feed_forward_length", s["ff"])
    p.u32("attention.head_count", s["heads"])
    p.u32("attention.head_count_kv", s["heads_kv"])
    p.u32("vocab_size", s["vocab"])
    p.f32("attention.layer_norm_rms_epsilon", s["eps"])
    p.f32("rope.freq_base", s["base"])
    for key, value in s.get("floats", {}).items():
        p.f32(key, value)
    if "experts" in s:
        p.u32("expert_count", s["experts"])
        p.u32("expert_used_count", s["used"])
    if "expert_ff" in s:
        p.u32("expert_feed_forward_length", s["expert_ff"])
    if "kv_lora" not in s:
        p.u32("attention.key_length", s["head"])
        p.u32("attention.value_length", s["head"])
        p.u32("rope.dimension_count", s["head"])
        return
    p.u32("attention.key_length", s["kv_lora"] + s["rope"])
    p.u32("attention.value_length", s["kv_lora"])
    p.u32("attention.key_length_mla", s["nope"] + s["rope"])
    p.u32("attention.value_length_mla", s["value"])
    p.u32("attention.kv_lora_rank", s["kv_lora"])
    p.u32("rope.dimension_count", s["rope"])
    p.u32("leading_dense_block_count", s["dense"])
    p.u32("expert_shared_count", s["shared"])
    p.u32("expert_gating_func", 1)  # softmax
    p.f32("expert_weights_scale", 1.0)
    p.keys.append((p.prefix + "expert_weights_norm", 7, b"\0"))
    p.keys.append((p.prefix + "rope.scaling.type", 8, text("yarn")))
    p.f32("rope.scaling.factor", 40.0)
    p.u32("rope.scaling.original_context_length", 4096)
    p.f32("rope.scaling.yarn_log_multiplier", 0.0707)


def add_attention(p, b):
    s, d = p.s, p.s["embd"]
    if "kv_lora" in s:
        p.matrix(b + "attn_q", (d, s["heads"] * (s["nope"] + s["rope"])))
        p.matrix(b + "attn_kv_a_mqa", (d, s["kv_lora"] + s["rope"]))
        p.norm(b + "attn_kv_a_norm", s["kv_lora"])
        p.matrix(b + "attn_k_b", (s["nope"], s["kv_lora"], s["heads"]))
        p.matrix(b + "attn_v_b", (s["kv_lora"], s["value"], s["heads"]))
        p.matrix(b + "attn_output", (s["heads"] * s["value"], d))
        return
    q, kv = s["heads"] * s["head"], s["heads_kv"] * s["head"]
    p.matrix(b + "attn_q", (d, q))
    p.matrix(b + "attn_k", (d, kv))
    p.matrix(b + "attn_v", (d, kv))
    p.matrix(b + "attn_output", (q, d))
    if "qk_norm" in s:
        p.norm(b + "attn_q_norm", q if s["qk_norm"] == "all" else s["head"])
        p.norm(b + "attn_k_norm", kv if s["qk_norm"] == "all" else s["head"])


def add_feed_forward(p, b, layer):
    s, d = p.s, p.s["embd"]

    def three(suffix, width, *n):
        p.matrix(b + "ffn_gate" + suffix, (d, width, *n), 1.5)
        p.matrix(b + "ffn_up" + suffix, (d, width, *n), 1.5)
        p.matrix(b + "ffn_down" + suffix, (width, d, *n), 1.5)

    if "experts" not in s or layer < s.get("dense", 0):
        three("", s["ff"])
        return
    width = s.get("expert_ff", s["ff"])
    p.matrix(b + "ffn_gate_inp", (d, s["experts"]), 1.5, "router")
    three("_exps", width, s["experts"])
    if "shared" in s:
        three("_shexp", width * s["shared"])


def plan(shape):
    p = Plan(shape)
    add_keys(p)
    d = shape["embd"]
    scale = shape.get("floats", {}).get("embedding_scale", 1.0)
    p.tensors.append(("token_embd.weight", (d, shape["vocab"]), "output" if shape["tied"] else "weight", 1 / scale, 0.0))
    p.norm("output_norm", d)
    if not shape["tied"]:
        p.matrix("output", (d, shape["vocab"]), 2.5, "output")
    for i in range(shape["layers"]):
        b = f"blk.{i}."
        p.norm(b + "attn_norm", d)
        add_attention(p, b)
        p.norm(b + "ffn_norm", d)
        add_feed_forward(p, b, i)
    return p


def kind_of(use, row, recipe):
    if use in ("norm", "router"):
        return F32
    if recipe == "q8_0":
        return Q8_0
    wanted = Q6_K if use == "output" else Q4_K
    return wanted if row % 256 == 0 else Q8_0 if use == "output" else Q5_0


# ---- the file ------------------------------------------------------------------------------------------------------

def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def strings(key, items):
    return (key, 9, struct.pack("<IQ", 8, len(items)) + b"".join(map(text, items)))


def tokenizer(n_vocab):
    """Byte-level BPE without merges worth the name: 256 bytes, an end token, and words that fill up the vocabulary."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]
    tokens = [*letters, "\u0120w", *(f"\u0120w{i}" for i in range(n_vocab - 258)), "<|endoftext|>"]
    types = [1] * (n_vocab - 1) + [3]
    u32 = [("tokenizer.ggml." + key, 4, struct.pack("<I", n_vocab - 1)) for key in ("bos_token_id", "eos_token_id")]
    return [("tokenizer.ggml.model", 8, text("gpt2")), ("tokenizer.ggml.pre", 8, text("gpt-2")),
            strings("tokenizer.ggml.tokens", tokens), strings("tokenizer.ggml.merges", ["\u0120 w"]),
            ("tokenizer.ggml.token_type", 9, struct.pack("<IQ", 5, n_vocab) + np.asarray(types, "<i4").tobytes()), *u32,
            ("tokenizer.ggml.add_bos_token", 7, b"\0")]


def aligned(n):
    return (n + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def make(name, recipe, path, layers=None):
    """Write one file; under its name only when it is whole."""
    shape = dict(SHAPES[name], **({"layers": layers} if layers else {}))
    p = plan(shape)
    keys = [("general.architecture", 8, text(shape["arch"])), ("general.name", 8, text(f"{name} shape, random weights")),
            ("general.quantization_version", 4, struct.pack("<I", 2)), *p.keys, *tokenizer(shape["vocab"])]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(p.tensors), len(keys))
    head += b"".join(text(key) + struct.pack("<I", kind) + value for key, kind, value in keys)
    offset, kinds = 0, []
    for tensor, dims, use, _, _ in p.tensors:
        kind = kind_of(use, dims[0], recipe)
        values, size = BLOCKS[kind]
        head += text(tensor) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)
        kinds.append((kind, math.prod(dims), offset))
        offset = aligned(offset + math.prod(dims) // values * size)
    rng = np.random.Generator(np.random.SFC64(1))
    with open(f"{path}.part", "wb") as f:
        f.write(head + bytes(aligned(len(head)) - len(head)))
        begin = f.tell()
        for (kind, n, at), (_, _, _, std, mean) in zip(kinds, p.tensors):
            f.write(bytes(begin + at - f.tell()))
            write_values(f, rng, kind, n, std, mean)
        f.write(bytes(aligned(f.tell()) - f.tell()))
    os.rename(f"{path}.part", path)


def read_tensors(path):
    """(keys of one number, [(name, dims, type)]) of a GGUF file: for counting bytes."""
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
    forms = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    with open(path, "rb") as f:
        def number(form):
            return struct.unpack("<" + form, f.read(struct.calcsize("<" + form)))[0]

        def string():
            return f.read(number("Q")).decode(errors="replace")

        def value(kind):
            if kind == 8:
                return string()
            if kind != 9:
                return number(forms[kind])
            kind, n = number("I"), number("Q")
            if kind == 8:
                for _ in range(n):
                    f.seek(number("Q"), 1)
            else:
                f.seek(n * sizes[kind], 1)
            return None

        f.seek(8)
        n_tensors, n_keys = number("Q"), number("Q")
        keys = {}
        for _ in range(n_keys):
            key = string()
            keys[key] = value(number("I"))
        tensors = []
        for _ in range(n_tensors):
            name, n_dims = string(), number("I")
            dims = [number("Q") for _ in range(n_dims)]
            tensors.append((name, dims, number("I")))
            number("Q")
    return keys, tensors


def bytes_per_token(path):
    """Bytes of weights that one decoded token reads: of the experts those used, of an untied embedding one row."""
    keys, tensors = read_tensors(path)
    arch = keys["general.architecture"]
    tied = all(name != "output.weight" for name, _, _ in tensors)
    total = 0.0
    for name, dims, kind in tensors:
        values, size = BLOCKS[kind]
        share = 1.0
        if "_exps." in name:
            share = keys[f"{arch}.expert_used_count"] / keys[f"{arch}.expert_count"]
        elif name == "token_embd.weight" and not tied:
            share = 1 / dims[1]
        total += share * (math.prod(dims) // values * size)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("type", choices=("q8_0", "q4_k"))
    parser.add_argument("file")
    parser.add_argument("--layers", type=int)
    options = parser.parse_args()
    make(options.shape, options.type, options.file, options.layers)
    print(f"{options.file}: {os.path.getsize(options.file) / 1e6:,.0f} MB, "
          f"{bytes_per_token(options.file) / 1e6:,.1f} MB a token", file=sys.stderr)


if __name__ == "__main__":
    main()

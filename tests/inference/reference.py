#!/usr/bin/env python3
"""reference.py [NAME ...]: makes tests/data/gguf/reference/NAME.gguf and .json: tiny models with seeded random weights,
and the log-probabilities and greedy tokens that the formulas of the papers give for them in double precision.

It shares nothing with the engine: attention is computed position by position from whole keys and values (also where the
engine keeps only the latent vector of DeepSeek-V2, arXiv:2405.04434), experts one token at a time. What is covered is
what the files made with llama.cpp in the folder above do not have: see CASES. Needs numpy."""
import json, os, struct, sys, zlib
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, '..', 'data', 'gguf', 'reference')
VOCAB = 261


# ---- a file ----------------------------------------------------------------------------------------------------------

def text(s):
    b = s.encode()
    return struct.pack('<Q', len(b)) + b


def value(v):
    if isinstance(v, bool): return struct.pack('<I?', 7, v)
    if isinstance(v, int): return struct.pack('<II', 4, v)
    if isinstance(v, float): return struct.pack('<If', 6, v)
    if isinstance(v, str): return struct.pack('<I', 8) + text(v)
    kind = {bool: (7, '<?'), int: (5, '<i')}.get(type(v[0]))
    items = b''.join(struct.pack(kind[1], x) if kind else text(x) for x in v)
    return struct.pack('<IIQ', 9, kind[0] if kind else 8, len(v)) + items


def tokenizer():
    shown = list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    hidden = [b for b in range(256) if b not in shown]
    tokens = [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]
    tokens += ['ab', 'cd', 'abcd', '<|pad|>', '<|endoftext|>']
    return {'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2', 'tokenizer.ggml.tokens': tokens,
            'tokenizer.ggml.token_type': [1] * 259 + [3, 3], 'tokenizer.ggml.merges': ['a b', 'c d', 'ab cd'],
            'tokenizer.ggml.eos_token_id': 260, 'tokenizer.ggml.add_bos_token': False}


def write(path, arch, keys, tensors):
    keys = {'general.architecture': arch, 'general.name': 'random weights', **{arch + '.' + k: v for k, v in keys.items()},
            **tokenizer()}
    head = b'GGUF' + struct.pack('<IQQ', 3, len(tensors), len(keys))
    head += b''.join(text(k) + value(v) for k, v in keys.items())
    data = b''
    for name, t in tensors.items():
        head += text(name) + struct.pack('<I', t.ndim) + struct.pack('<%dQ' % t.ndim, *t.shape[::-1])
        head += struct.pack('<IQ', 1 if t.dtype == np.float16 else 0, len(data))
        data += t.tobytes() + b'\0' * (-t.nbytes % 32)
    with open(path, 'wb') as f:
        f.write(head + b'\0' * (-len(head) % 32) + data)


class Maker:
    """Weights by name, so that a tensor does not depend on the order in which they are made."""

    def __init__(self, seed, half):
        self.seed, self.half, self.tensors = seed, half, {}

    def add(self, name, shape, spread=None, mean=0.0):
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        matrix = len(shape) > 1 and name.endswith('weight') and 'gate_inp' not in name
        x = rng.standard_normal(shape) * (1.5 / np.sqrt(shape[-1]) if spread is None else spread) + mean
        self.tensors[name] = x.astype(np.float16 if self.half and matrix else np.float32)

    def norm(self, name, n): self.add(name, [n], 0.2, 1.0)
    def bias(self, name, *shape): self.add(name, list(shape), 0.3)


# ---- formulas --------------------------------------------------------------------------------------------------------

def rms(x, gain, eps): return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gain
def sigmoid(x): return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def turns(c, n, factors):
    """Frequencies of n / 2 pairs, and the growth of what is turned: arXiv:2309.00071, sections 3.2 and 3.4."""
    base, factor = c.get('base', 10000.0), c.get('factor', 1.0)
    i = np.arange(n // 2)
    f = base ** (-2.0 * i / n) / (1 if factors is None else factors.astype(float))
    if not c.get('yarn'): return f / factor, c.get('attn_factor', 1.0)
    pair = lambda times: n * np.log(c['first_context'] / (times * 2 * np.pi)) / (2 * np.log(base))
    low, high = max(0, np.floor(pair(32))), min(n - 1, np.ceil(pair(1)))
    ramp = np.clip((i - low) / max(0.001, high - low), 0, 1)
    growth = 1.0 if c.get('log_multiplier') else 1 + 0.1 * np.log(factor)
    return f * (1 - ramp) + f / factor * ramp, growth * c.get('attn_factor', 1.0)


def turn(x, position, frequencies, growth, halves):
    n = len(frequencies)
    y, a = x.copy(), position * frequencies
    one, two = (x[..., :n], x[..., n:2 * n]) if halves else (x[..., 0:2 * n:2], x[..., 1:2 * n:2])
    p, q = (one * np.cos(a) - two * np.sin(a)) * growth, (one * np.sin(a) + two * np.cos(a)) * growth
    if halves: y[..., :n], y[..., n:2 * n] = p, q
    else: y[..., 0:2 * n:2], y[..., 1:2 * n:2] = p, q
    return y


def attend(q, keys, values, scale, window, sinks):
    """q [heads][n], keys and values [positions][heads][n] up to the query's own."""
    out = []
    for h in range(len(q)):
        k, v = keys[-window:, h] if window else keys[:, h], values[-window:, h] if window else values[:, h]
        logits = k @ q[h] * scale
        p = softmax(np.append(logits, sinks[h]) if sinks is not None else logits)[:len(k)]
        out.append(p @ v)
    return np.concatenate(out)


def glu(c, gate, up):
    if not c.get('clamped'): return gate * sigmoid(gate) * up
    gate, up = np.minimum(gate, 7), np.clip(up, -7, 7)
    return gate * sigmoid(1.702 * gate) * (up + 1)


class Model:
    def __init__(self, c, tensors):
        self.c, self.t = c, {k: v.astype(np.float64) for k, v in tensors.items()}
        self.margin = np.inf  # by which the last expert chosen led the first one left, least of all tokens

    def get(self, name): return self.t.get(name)

    def linear(self, name, x, e=None):
        w, b = self.t[name + '.weight'], self.get(name + '.bias')
        if e is not None: w, b = w[e], None if b is None else b[e]
        return w @ x + (0 if b is None else b)

    def norm(self, name, x):
        b = self.get(name + '.bias')
        return rms(x, self.t[name + '.weight'], self.c['eps']) + (0 if b is None else b)

    def qkv(self, b, x, position):
        c, heads, kv, n = self.c, self.c['heads'], self.c['heads_kv'], self.c['head']
        if b + 'attn_qkv.weight' in self.t:
            q, k, v = np.split(self.linear(b + 'attn_qkv', x), [heads * n, (heads + kv) * n])
        else:
            q, k, v = (self.linear(b + 'attn_' + s, x) for s in 'qkv')
        q, k, v = q.reshape(heads, n), k.reshape(kv, n), v.reshape(kv, n)
        if b + 'attn_q_norm.weight' in self.t:
            q, k = (rms(y, self.t[b + 'attn_%s_norm.weight' % s], c['eps']) for y, s in ((q, 'q'), (k, 'k')))
        if c['turned']:
            q, k = (turn(y, position, *self.frequencies, c['halves']) for y in (q, k))
        return q, np.repeat(k, heads // kv, 0), np.repeat(v, heads // kv, 0)

    def qkv_latent(self, b, x, position):
        c, heads, plain = self.c, self.c['heads'], self.c['head'] - self.c['turned']
        if b + 'attn_q_a.weight' in self.t:
            q = self.linear(b + 'attn_q_b', self.norm(b + 'attn_q_a_norm', self.linear(b + 'attn_q_a', x)))
        else:
            q = self.linear(b + 'attn_q', x)
        q = q.reshape(heads, -1)
        down = self.linear(b + 'attn_kv_a_mqa', x)
        latent = self.norm(b + 'attn_kv_a_norm', down[:c['latent']])
        shared = turn(down[c['latent']:], position, *self.frequencies, False)
        if b + 'attn_kv_b.weight' in self.t:
            kv = self.linear(b + 'attn_kv_b', latent).reshape(heads, -1)
            k, v = kv[:, :plain], kv[:, plain:]
        else:
            k = np.einsum('hlk,l->hk', self.t[b + 'attn_k_b.weight'], latent)
            v = np.einsum('hvl,l->hv', self.t[b + 'attn_v_b.weight'], latent)
        q = np.concatenate([q[:, :plain], turn(q[:, plain:], position, *self.frequencies, False)], 1)
        return q, np.concatenate([k, np.tile(shared, (heads, 1))], 1), v

    def route(self, b, x):
        c = self.c
        logits = self.linear(b + 'ffn_gate_inp', x)
        scores = sigmoid(logits) if c['gating'] == 'sigmoid' else softmax(logits) if c['gating'] == 'softmax' else logits
        choice = scores + (0 if self.get(b + 'exp_probs_b.bias') is None else self.t[b + 'exp_probs_b.bias'])
        if c.get('groups'):
            g = np.sort(choice.reshape(c['groups'], -1), 1)
            best = g[:, -2:].sum(1) if c['gating'] == 'sigmoid' else g[:, -1]
            kept = np.isin(np.arange(c['groups']), np.argsort(-best)[:c['groups_used']])
            choice = np.where(np.repeat(kept, g.shape[1]), choice, -np.inf)
        order = np.argsort(-choice, kind='stable')
        ids, lead = order[:c['used']], choice[order[c['used'] - 1]] - choice[order[c['used']]]
        self.margin = min(self.margin, lead)
        w = softmax(scores[ids]) if c['gating'] == 'chosen' else scores[ids]
        return ids, (w / w.sum() if c.get('sum_to_one') else w) * c.get('weights_scale', 1.0)

    def ffn(self, b, kind, x, e=None):
        if b + 'ffn_gate_up%s.weight' % kind in self.t:
            gate, up = np.split(self.linear(b + 'ffn_gate_up' + kind, x, e), 2)
        elif b + 'ffn_gate%s.weight' % kind in self.t:
            gate, up = self.linear(b + 'ffn_gate' + kind, x, e), self.linear(b + 'ffn_up' + kind, x, e)
        else:
            gate, up = np.split(self.linear(b + 'ffn_up' + kind, x, e), 2)
        return self.linear(b + 'ffn_down' + kind, glu(self.c, gate, up), e)

    def inner(self, b, x):
        if b + 'ffn_gate_inp.weight' not in self.t: return self.ffn(b, '', x)
        out = sum(w * self.ffn(b, '_exps', x, e) for e, w in zip(*self.route(b, x)))
        if b + 'ffn_down_shexp.weight' in self.t:
            gate = self.get(b + 'ffn_gate_inp_shexp.weight')
            out = out + self.ffn(b, '_shexp', x) * (1 if gate is None else sigmoid(gate @ x))
        return out

    def run(self, tokens):
        c, t = self.c, self.t
        factors = c.get('factors')
        self.frequencies = turns(c, c['turned'], None if factors is None else t[factors])
        scale = c.get('attention_scale') or 1 / np.sqrt(c['head'])
        if c.get('latent'):
            scale *= (self.frequencies[1] * (1 + c.get('log_multiplier', 0) * np.log(c.get('factor', 1)))) ** 2
        xs = [t['token_embd.weight'][i] * c.get('embedding_scale', 1.0) for i in tokens]
        for i in range(c['layers']):
            b, cache = 'blk.%d.' % i, ([], [])
            window = c.get('window') if c.get('slides', [False] * c['layers'])[i] else None
            for p, x in enumerate(xs):
                q, k, v = (self.qkv_latent if c.get('latent') else self.qkv)(b, self.norm(b + 'attn_norm', x), p)
                cache[0].append(k), cache[1].append(v)
                a = attend(q, np.array(cache[0]), np.array(cache[1]), scale, window, self.get(b + 'attn_sinks.weight'))
                x = x + self.linear(b + 'attn_output', a) * c.get('residual_scale', 1.0)
                second = 'ffn_norm' if b + 'ffn_norm.weight' in t else 'post_attention_norm'
                xs[p] = x + self.inner(b, self.norm(b + second, x)) * c.get('residual_scale', 1.0)
        head = 'output' if 'output.weight' in t else 'token_embd'
        logits = np.array([self.linear(head, self.norm('output_norm', x)) for x in xs]) / c.get('logit_divisor', 1.0)
        return logits - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True)) - logits.max(1, keepdims=True)


# ---- cases -----------------------------------------------------------------------------------------------------------

def make(c, seed, half):
    """The tensors of a case: which, and how large."""
    m, d, heads, kv, n = Maker(seed, half), c['embd'], c['heads'], c['heads_kv'], c['head']
    m.add('token_embd.weight', [VOCAB, d], 1 / c.get('embedding_scale', 1.0))
    m.norm('output_norm.weight', d)
    if not c.get('tied'): m.add('output.weight', [VOCAB, d], 2.5 * c.get('logit_divisor', 1.0) / np.sqrt(d))
    for name in c.get('factor_tensors', []):
        m.tensors[name] = np.linspace(1, 3 if 'short' in name else 20, c['turned'] // 2, dtype=np.float32)
    for i in range(c['layers']):
        b = 'blk.%d.' % i
        m.norm(b + 'attn_norm.weight', d)
        if c.get('latent'):
            plain, rank = n - c['turned'], c['latent']
            if c.get('q_latent'):
                m.add(b + 'attn_q_a.weight', [c['q_latent'], d])
                m.norm(b + 'attn_q_a_norm.weight', c['q_latent'])
                m.add(b + 'attn_q_b.weight', [heads * n, c['q_latent']])
            else:
                m.add(b + 'attn_q.weight', [heads * n, d])
            m.add(b + 'attn_kv_a_mqa.weight', [rank + c['turned'], d])
            m.norm(b + 'attn_kv_a_norm.weight', rank)
            if c.get('joined'):
                m.add(b + 'attn_kv_b.weight', [heads * (plain + c['value']), rank])
            else:
                m.add(b + 'attn_k_b.weight', [heads, rank, plain])
                m.add(b + 'attn_v_b.weight', [heads, c['value'], rank])
        elif c.get('fused_qkv'):
            m.add(b + 'attn_qkv.weight', [(heads + 2 * kv) * n, d])
            if c['fused_qkv'] == 'bias': m.bias(b + 'attn_qkv.bias', (heads + 2 * kv) * n)
        else:
            for s, k in (('q', heads), ('k', kv), ('v', kv)):
                m.add(b + 'attn_%s.weight' % s, [k * n, d])
                if c.get('qkv_bias'): m.bias(b + 'attn_%s.bias' % s, k * n)
        if c.get('qk_norm'): m.norm(b + 'attn_q_norm.weight', n), m.norm(b + 'attn_k_norm.weight', n)
        if c.get('sinks'): m.bias(b + 'attn_sinks.weight', heads)
        m.add(b + 'attn_output.weight', [d, heads * c.get('value', n)])
        if c.get('out_bias'): m.bias(b + 'attn_output.bias', d)
        m.norm(b + c.get('second_norm', 'ffn_norm') + '.weight', d)
        if i < c.get('dense', c['layers']):
            make_ffn(m, b, '', c['ff'], [], d, c.get('fused_dense'), c.get('ffn_bias'))
            continue
        e = c['experts']
        m.add(b + 'ffn_gate_inp.weight', [e, d])
        if c.get('ffn_bias'): m.bias(b + 'ffn_gate_inp.bias', e)
        if c.get('choice_bias'): m.bias(b + 'exp_probs_b.bias', e)
        make_ffn(m, b, '_exps', c['ff_expert'], [e], d, c.get('fused_experts'), c.get('ffn_bias'))
        if c.get('ff_shared'): make_ffn(m, b, '_shexp', c['ff_shared'], [], d, None, False)
        if c.get('gated'): m.add(b + 'ffn_gate_inp_shexp.weight', [d], 0.3)
    return m.tensors


def make_ffn(m, b, kind, ff, mats, d, fused, bias):
    if fused: m.add(b + fused + kind + '.weight', mats + [2 * ff, d])
    else: m.add(b + 'ffn_gate%s.weight' % kind, mats + [ff, d]), m.add(b + 'ffn_up%s.weight' % kind, mats + [ff, d])
    m.add(b + 'ffn_down%s.weight' % kind, mats + [d, ff])
    if bias:
        for part, n in (('gate', ff), ('up', ff), ('down', d)): m.bias(b + 'ffn_%s%s.bias' % (part, kind), *mats, n)


def shape(c, **more):
    keys = {'block_count': c['layers'], 'context_length': 4096, 'embedding_length': c['embd'],
            'attention.head_count': c['heads'], 'attention.layer_norm_rms_epsilon': c['eps']}
    return {**keys, **more}


def deepseek(c, **more):
    return shape(c, **{'attention.kv_lora_rank': c['latent'], 'rope.dimension_count': c['turned'], 'expert_count': c['experts'],
                       'expert_used_count': c['used'], 'expert_feed_forward_length': c['ff_expert'],
                       'feed_forward_length': c['ff'], 'leading_dense_block_count': c['dense'],
                       'expert_shared_count': c['ff_shared'] // c['ff_expert'], 'expert_group_count': c['groups'],
                       'expert_group_used_count': c['groups_used']}, **more)


def cases():
    # a gated shared expert; no width of experts and no number of KV heads in the file
    c = dict(layers=2, embd=42, heads=3, heads_kv=3, head=14, turned=14, halves=True, eps=1e-6, qkv_bias=True, experts=5, used=2,
             dense=0, ff_expert=25, ff_shared=50, gated=True, gating='softmax')
    yield 'qwen2moe', 'qwen2moe', c, shape(c, **{'feed_forward_length': 50, 'expert_count': 5, 'expert_used_count': 2}), 40, True
    # DeepSeek-V2: groups by their best expert; older files with joined matrices; beyond the first context
    c = dict(layers=3, embd=44, heads=3, heads_kv=1, head=32, turned=12, value=28, latent=36, q_latent=20, joined=True, halves=False,
             eps=1e-6, dense=1, ff=50, experts=12, used=3, ff_expert=18, ff_shared=36, groups=4, groups_used=2, gating='softmax',
             weights_scale=1.5, yarn=True, factor=4.0, first_context=16, log_multiplier=0.0707)
    yield 'deepseek2-groups', 'deepseek2', c, deepseek(c, **{
        'attention.head_count_kv': 3, 'attention.q_lora_rank': 20, 'attention.key_length': 32, 'attention.value_length': 28,
        'expert_weights_scale': 1.5, 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 4.0,
        'rope.scaling.original_context_length': 16, 'rope.scaling.yarn_log_multiplier': 0.0707}), 40, True
    # DeepSeek-V3: groups by their best two, a bias of the choice; nothing said of rope or of the query's rank
    c = dict(layers=2, embd=40, heads=5, heads_kv=1, head=26, turned=6, value=18, latent=22, halves=False, eps=1e-6, dense=1, ff=33,
             experts=16, used=4, ff_expert=12, ff_shared=12, groups=8, groups_used=3, gating='sigmoid', choice_bias=True,
             sum_to_one=True, weights_scale=2.5)
    yield 'deepseek2-sigmoid-groups', 'deepseek2', c, deepseek(c, **{
        'attention.head_count_kv': 1, 'attention.key_length': 28, 'attention.value_length': 22, 'attention.key_length_mla': 26,
        'attention.value_length_mla': 18, 'expert_gating_func': 2, 'expert_weights_norm': True, 'expert_weights_scale': 2.5}), 40, False
    # scales and biases that a file may have
    c = dict(layers=2, embd=60, heads=3, heads_kv=1, head=20, turned=20, halves=False, eps=1e-5, ff=50, tied=True, qkv_bias=True,
             out_bias=True, ffn_bias=True, embedding_scale=12.0, residual_scale=0.22, attention_scale=0.05, logit_divisor=4.0)
    yield 'granite', 'granite', c, shape(c, **{
        'attention.head_count_kv': 1, 'feed_forward_length': 50, 'embedding_scale': 12.0, 'residual_scale': 0.22,
        'attention.scale': 0.05, 'logit_scale': 4.0}), 40, False
    # no positions at all
    c = dict(layers=2, embd=40, heads=2, heads_kv=2, head=20, turned=0, halves=False, eps=1e-5, ff=36, tied=True, logit_divisor=2.0)
    yield 'granite-no-rope', 'granite', c, shape(c, **{
        'attention.head_count_kv': 2, 'feed_forward_length': 36, 'logit_scale': 2.0, 'rope.scaling.finetuned': False}), 20, True
    # heads wider than the embedding; a factor without a type of scaling
    c = dict(layers=3, embd=40, heads=4, heads_kv=2, head=24, turned=24, halves=True, eps=1e-6, ff=50, qk_norm=True, base=1e6, factor=2.5)
    yield 'qwen3', 'qwen3', c, shape(c, **{
        'attention.head_count_kv': 2, 'attention.key_length': 24, 'attention.value_length': 24, 'feed_forward_length': 50,
        'rope.freq_base': 1e6, 'rope.scaling.factor': 2.5}), 50, True
    # a window over more than a block of the cache; beyond the first context; a pattern of its own
    c = dict(layers=3, embd=40, heads=4, heads_kv=2, head=16, turned=16, halves=True, eps=1e-5, qkv_bias=True, out_bias=True, sinks=True,
             ffn_bias=True, clamped=True, dense=0, experts=6, used=2, ff_expert=30, gating='chosen', window=45,
             slides=[False, True, True], second_norm='post_attention_norm', base=150000.0, yarn=True, factor=8.0, first_context=32)
    yield 'gpt-oss', 'gpt-oss', c, shape(c, **{
        'attention.head_count_kv': 2, 'attention.key_length': 16, 'attention.value_length': 16, 'expert_count': 6, 'expert_used_count': 2,
        'expert_feed_forward_length': 30, 'attention.sliding_window': 45, 'attention.sliding_window_pattern': [False, True, True],
        'rope.freq_base': 150000.0, 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 8.0,
        'rope.scaling.original_context_length': 32}), 110, False
    # LongRoPE's far factors
    c = dict(layers=2, embd=60, heads=3, heads_kv=1, head=20, turned=12, halves=True, eps=1e-5, ff=36, fused_qkv='weight',
             fused_dense='ffn_up', factor_tensors=['rope_factors_short.weight', 'rope_factors_long.weight'],
             factors='rope_factors_long.weight', attn_factor=1.19)
    yield 'phi3-long', 'phi3', c, shape(c, **{
        'attention.head_count_kv': 1, 'feed_forward_length': 36, 'rope.dimension_count': 12, 'rope.scaling.attn_factor': 1.19,
        'rope.scaling.original_context_length': 16, 'attention.sliding_window': 8}), 40, True
    # matrices in one tensor, a width a layer
    c = dict(layers=2, embd=36, heads=3, heads_kv=3, head=12, turned=12, halves=False, eps=1e-5, fused_qkv='bias', dense=0, experts=5,
             used=2, ff_expert=22, gating='chosen', fused_experts='ffn_gate_up', factor_tensors=['rope_freqs.weight'],
             factors='rope_freqs.weight')
    yield 'llama-fused', 'llama', c, shape(c, **{
        'feed_forward_length': [22, 22], 'expert_count': 5, 'expert_used_count': 2}), 40, True


def answer(c, tensors, n, seed):
    """Of several texts the one whose choice of experts is furthest from a tie, which rounding would turn."""
    best = (-1, None, None)
    for attempt in range(30 if 'experts' in c else 1):
        model, tokens = Model(c, tensors), [int(x) for x in np.random.default_rng([seed, attempt]).integers(0, 259, n)]
        top = model.run(tokens)
        if model.margin > best[0]: best = (model.margin, tokens, top)
    exact = [{'pos': p, 'ids': [int(i) for i in np.argsort(-r)[:16]], 'logprobs': [round(float(x), 6) for x in -np.sort(-r)[:16]]}
             for p, r in enumerate(best[2])]
    return {'tokens': best[1], 'exact': exact, 'greedy': greedy(Model(c, tensors), seed)}


def greedy(model, seed):
    """The most probable continuation of the prompt that is furthest from a tie."""
    best = (-1, None, None)
    for attempt in range(4):
        ids, gap = [int(x) for x in np.random.default_rng([seed, 1000 + attempt]).integers(0, 259, 9)], np.inf
        for _ in range(8):
            last = model.run(ids)[-1]
            gap = min(gap, np.sort(last)[-1] - np.sort(last)[-2])
            ids.append(int(last.argmax()))
            if ids[-1] == 260: break
        if gap > best[0]: best = (gap, ids[:9], ids[9:])
    return {'prompt': best[1], 'ids': best[2]}


def main(names):
    os.makedirs(OUT, exist_ok=True)
    for i, (name, arch, c, keys, n, half) in enumerate(cases()):
        if names and name not in names: continue
        tensors = make(c, 100 + i, half)
        write(os.path.join(OUT, name + '.gguf'), arch, keys, tensors)
        with open(os.path.join(OUT, name + '.json'), 'w') as f:
            json.dump(answer(c, tensors, n, 100 + i), f)
        print(name)


if __name__ == '__main__':
    main(sys.argv[1:])

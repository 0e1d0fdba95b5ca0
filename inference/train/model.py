"""The model: GraniteMoe as llama.cpp computes it (RMSNorm, interleaved RoPE, grouped-query attention, a shared expert
and top-k of n routed experts in every layer, tied embeddings). Without routed experts the shared one is the feed-forward
layer of a dense model."""
import dataclasses
import math

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass
class Config:
    vocab: int = 4096
    d: int = 256
    layers: int = 5
    heads: int = 4
    kv_heads: int = 4
    head_dim: int = 64
    experts: int = 16
    used: int = 2
    ff: int = 128
    shared_ff: int = 256
    context: int = 2048
    rope_theta: float = 1e10  # most pairs of a head hardly turn within a prompt: they compare contents at any distance
    eps: float = 1e-6
    emb_scale: float = 12.0
    res_scale: float = 1.0
    logit_scale: float = 1.0

    @property
    def att_scale(self):
        return 1 / math.sqrt(self.head_dim)


def rope_table(cfg, n):
    inv = cfg.rope_theta ** (-torch.arange(0, cfg.head_dim, 2).float() / cfg.head_dim)
    angle = torch.arange(n).float()[:, None] * inv[None]
    return angle.cos(), angle.sin()


def rope(x, cos, sin):
    """x [B, T, H, hd]; neighbours (2i, 2i+1) turn together: llama.cpp's NORM convention."""
    a, b = x[..., 0::2], x[..., 1::2]
    c, s = cos[None, :, None].to(x.dtype), sin[None, :, None].to(x.dtype)
    return torch.stack((a * c - b * s, a * s + b * c), -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c

        def w(*shape, std=0.02):
            return nn.Parameter(torch.randn(*shape) * std)

        out_std = 0.02 / math.sqrt(2 * c.layers)
        self.attn_norm = nn.Parameter(torch.ones(c.d))
        self.ffn_norm = nn.Parameter(torch.ones(c.d))
        self.q = w(c.heads * c.head_dim, c.d, std=0.06)
        self.k = w(c.kv_heads * c.head_dim, c.d, std=0.06)
        self.v = w(c.kv_heads * c.head_dim, c.d)
        self.o = w(c.d, c.heads * c.head_dim, std=out_std)
        if c.experts:
            self.router = w(c.experts, c.d)
            self.gate = w(c.experts, c.ff, c.d)
            self.up = w(c.experts, c.ff, c.d)
            self.down = w(c.experts, c.d, c.ff, std=out_std)
        self.sgate = w(c.shared_ff, c.d)
        self.sup = w(c.shared_ff, c.d)
        self.sdown = w(c.d, c.shared_ff, std=out_std)

    def attention(self, x, cos, sin, past=None):
        """past: [keys, values] of the tokens before x, which grow; None in training."""
        c, (b, t, _) = self.c, x.shape
        q = rope(F.linear(x, self.q).view(b, t, c.heads, c.head_dim), cos, sin).transpose(1, 2)
        k = rope(F.linear(x, self.k).view(b, t, c.kv_heads, c.head_dim), cos, sin).transpose(1, 2)
        v = F.linear(x, self.v).view(b, t, c.kv_heads, c.head_dim).transpose(1, 2)
        if past is not None:
            past[:] = (torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)) if past else (k, v)
            k, v = past
        rep = c.heads // c.kv_heads
        k, v = k.repeat_interleave(rep, 1), v.repeat_interleave(rep, 1)
        # Written out: for sequences this short the CPU's fused attention is slower, above all backwards. Without autocast,
        # so that the softmax stays in the scores' own type.
        with torch.autocast(x.device.type, enabled=False):
            scores = (q.to(v.dtype) * c.att_scale) @ k.to(v.dtype).transpose(-1, -2)
            n = k.shape[2]
            future = torch.full((t, n), float('-inf'), dtype=v.dtype, device=x.device).triu(1 + n - t)
            y = (scores + future).softmax(-1) @ v
        return F.linear(y.transpose(1, 2).reshape(b, t, -1), self.o)

    def shared(self, x):
        return F.linear(F.silu(F.linear(x, self.sgate)) * F.linear(x, self.sup), self.sdown)

    def routed(self, x, stats):
        """x [N, d]: rows sorted by expert, one matrix product an expert."""
        c = self.c
        logits = F.linear(x.float(), self.router.float())
        prob = logits.softmax(-1)
        top, idx = logits.topk(c.used, -1)
        weight = top.softmax(-1).to(x.dtype)
        flat = idx.flatten()
        order = flat.argsort()
        counts = torch.bincount(flat, minlength=c.experts)
        rows = order // c.used
        parts = x[rows].split(counts.tolist())
        ys = [F.linear(F.silu(F.linear(p, g)) * F.linear(p, u), w)
              for p, g, u, w in zip(parts, self.gate.unbind(), self.up.unbind(), self.down.unbind())]
        y = torch.cat(ys) * weight.flatten()[order][:, None]
        out = torch.zeros_like(x).index_add(0, rows, y)
        share = counts.float() / flat.numel()
        stats.append((share, (share * prob.mean(0)).sum() * c.experts))
        return out

    def forward(self, x, cos, sin, stats, past=None):
        c = self.c
        x = x + c.res_scale * self.attention(F.rms_norm(x, (c.d,), self.attn_norm, c.eps), cos, sin, past)
        h = F.rms_norm(x, (c.d,), self.ffn_norm, c.eps).view(-1, c.d)
        y = self.shared(h)
        if c.experts:
            y = self.routed(h, stats) + y
        return x + c.res_scale * y.view_as(x)


class Model(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.c = cfg
        self.emb = nn.Parameter(torch.randn(cfg.vocab, cfg.d) * 0.02)
        self.norm = nn.Parameter(torch.ones(cfg.d))
        self.blocks = nn.ModuleList(Layer(cfg) for _ in range(cfg.layers))
        cos, sin = rope_table(cfg, cfg.context)
        self.register_buffer('cos', cos, persistent=False)
        self.register_buffer('sin', sin, persistent=False)

    def forward(self, ids, pick=None, past=None):
        """ids [B, T]; logits at all positions, or at the flat positions `pick`; and per layer (share, balance loss).
        past: a list per layer, at first empty, of what attention keeps of the tokens before ids."""
        c, stats = self.c, []
        begin = past[0][0].shape[2] if past and past[0] else 0
        at = slice(begin, begin + ids.shape[1])
        x = F.embedding(ids, self.emb) * c.emb_scale
        for i, block in enumerate(self.blocks):
            x = block(x, self.cos[at], self.sin[at], stats, past[i] if past else None)
        x = F.rms_norm(x, (c.d,), self.norm, c.eps).view(-1, c.d)
        if pick is not None:
            x = x[pick]
        return F.linear(x, self.emb) / c.logit_scale, stats

    @torch.no_grad()
    def greedy(self, ids, n, stop, allowed=None):
        out, past, fresh = [], [[] for _ in self.blocks], ids
        while len(out) < n:
            logits = self(torch.tensor([fresh]), torch.tensor([len(fresh) - 1]), past)[0][0]
            token = int(logits.argmax()) if allowed is None else allowed(logits, out)
            out.append(token)
            fresh = [token]
            if token == stop:
                break
        return out


@torch.no_grad()
def teach_copying(model, token=128, one=48, two=40, match=(12.0, 9.0, 9.0), near=150.0):
    """Start with the circuit that copies instead of waiting for it. Tokens begin in a part of the embedding; heads of layer 0
    write into the free rest what stood one and two places back and a mean of the last few; all heads of layer 1 look for a
    place whose past is like the present one (its last token, the one before, the last few) and pass on the token there.
    Where a word comes again and again, the last token alone does not tell which of its places is being copied. Training
    keeps and refines what helps. match: the scores of a full match of the three; near: how sharply positions are told apart."""
    c, hd = model.c, model.c.head_dim
    constant, few = 0.12, 8
    basis = torch.linalg.qr(torch.randn(c.d - 1, c.d - 1))[0]
    basis = torch.cat([torch.zeros(c.d - 1, 1), basis], 1)
    space_token, space_one, space_two, space_few = basis.split([token, one, two, c.d - 1 - token - one - two])
    model.emb[:] = torch.randn(c.vocab, token) @ space_token * 0.02 * (c.d / token) ** 0.5
    model.emb[:, 0] = constant
    code = torch.linalg.qr(torch.randn(token, token))[0] @ space_token  # how a token is written elsewhere
    theta = c.rope_theta ** (-torch.arange(0, hd, 2).float() / hd)
    turning = [i for i in range(hd // 2) if theta[i] > 0.04]
    still = [d for i in range(hd // 2) if theta[i] < 0.002 for d in (2 * i, 2 * i + 1)]
    rms = ((c.d * (0.02 * c.emb_scale) ** 2 + (constant * c.emb_scale) ** 2) / c.d) ** 0.5
    size = (near / (len(turning) * (constant * c.emb_scale / rms) ** 2 * c.att_scale)) ** 0.5
    first, second = model.blocks[0], model.blocks[1]
    for head, (back, sharp, space) in enumerate([(1, 1.0, space_one), (2, 1.0, space_two), (few / 2 - 0.5, 0.0, space_few)]):
        at, n = slice(head * hd, (head + 1) * hd), len(space)
        first.q[at] = first.k[at] = first.v[at] = first.o[:, at] = 0
        for i in turning if sharp else [next(i for i in turning if theta[i] < 3.0 / few)]:
            power = size if sharp else size * 0.6
            first.q[at.start + 2 * i, 0] = power
            first.k[at.start + 2 * i, 0] = power * (back * theta[i]).cos()
            first.k[at.start + 2 * i + 1, 0] = power * (back * theta[i]).sin()
        first.v[at.start:at.start + n] = code[:n]
        first.o[:, at.start:at.start + n] = space.T * (0.3 if sharp else 0.7)
    n_one, n_two = len(still) // 2, len(still) // 4
    for head in range(c.heads):
        at = slice(head * hd, (head + 1) * hd)
        second.q[at] = second.k[at] = 0
        rows = torch.tensor(still) + at.start
        parts = [(n_one, code, space_one, match[0], one), (n_two, space_one, space_two, match[1], two), (len(still) - n_one - n_two, space_few, space_few, match[2], len(space_few))]
        for n, now, then, score, of in parts:
            use, rows_here, rows = torch.randperm(of)[:n], rows[:n], rows[n:]
            gain = (score / (n * c.att_scale)) ** 0.5
            second.q[rows_here], second.k[rows_here] = now[use] * gain, then[use] * gain
        half = space_token[(head % 2) * (token // 2):][:hd]
        second.v[at], second.o[:, at] = half, half.T * 1.5

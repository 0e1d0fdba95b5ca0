"""The model: GraniteMoe as llama.cpp computes it (RMSNorm, interleaved RoPE, grouped-query attention, a shared expert
and top-k of n routed experts in every layer, tied embeddings)."""
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
    heads: int = 8
    kv_heads: int = 4
    head_dim: int = 32
    experts: int = 16
    used: int = 2
    ff: int = 128
    shared_ff: int = 256
    context: int = 2048
    rope_theta: float = 100000.0
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
        self.q = w(c.heads * c.head_dim, c.d)
        self.k = w(c.kv_heads * c.head_dim, c.d)
        self.v = w(c.kv_heads * c.head_dim, c.d)
        self.o = w(c.d, c.heads * c.head_dim, std=out_std)
        self.router = w(c.experts, c.d)
        self.gate = w(c.experts, c.ff, c.d)
        self.up = w(c.experts, c.ff, c.d)
        self.down = w(c.experts, c.d, c.ff, std=out_std)
        self.sgate = w(c.shared_ff, c.d)
        self.sup = w(c.shared_ff, c.d)
        self.sdown = w(c.d, c.shared_ff, std=out_std)

    def attention(self, x, cos, sin):
        c, (b, t, _) = self.c, x.shape
        q = rope(F.linear(x, self.q).view(b, t, c.heads, c.head_dim), cos, sin).transpose(1, 2)
        k = rope(F.linear(x, self.k).view(b, t, c.kv_heads, c.head_dim), cos, sin).transpose(1, 2)
        v = F.linear(x, self.v).view(b, t, c.kv_heads, c.head_dim).transpose(1, 2)
        rep = c.heads // c.kv_heads
        k, v = k.repeat_interleave(rep, 1), v.repeat_interleave(rep, 1)
        # Written out: for sequences this short the CPU's fused attention is slower, above all backwards.
        scores = q @ k.transpose(-1, -2) * c.att_scale
        future = torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)
        y = scores.masked_fill(future, float('-inf')).softmax(-1).to(v.dtype) @ v
        return F.linear(y.transpose(1, 2).reshape(b, t, -1), self.o)

    def moe(self, x, stats):
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
        out = out + F.linear(F.silu(F.linear(x, self.sgate)) * F.linear(x, self.sup), self.sdown)
        share = counts.float() / flat.numel()
        stats.append((share, (share * prob.mean(0)).sum() * c.experts))
        return out

    def forward(self, x, cos, sin, stats):
        c = self.c
        x = x + c.res_scale * self.attention(F.rms_norm(x, (c.d,), self.attn_norm, c.eps), cos, sin)
        h = F.rms_norm(x, (c.d,), self.ffn_norm, c.eps)
        return x + c.res_scale * self.moe(h.view(-1, c.d), stats).view_as(x)


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

    def forward(self, ids, pick=None):
        """ids [B, T]; logits at all positions, or at the flat positions `pick`; and per layer (share, balance loss)."""
        c, stats = self.c, []
        t = ids.shape[1]
        x = F.embedding(ids, self.emb) * c.emb_scale
        for block in self.blocks:
            x = block(x, self.cos[:t], self.sin[:t], stats)
        x = F.rms_norm(x, (c.d,), self.norm, c.eps).view(-1, c.d)
        if pick is not None:
            x = x[pick]
        return F.linear(x, self.emb) / c.logit_scale, stats

    @torch.no_grad()
    def greedy(self, ids, n, stop, allowed=None):
        out = []
        while len(out) < n:
            logits = self(torch.tensor([ids + out]))[0][-1]
            token = int(logits.argmax()) if allowed is None else allowed(logits, out)
            out.append(token)
            if token == stop:
                break
        return out


@torch.no_grad()
def teach_copying(model, gain=10.0, constant=0.12):
    """Start with the circuit that copies instead of waiting for it: heads of layer 0 look one token back (a constant in the
    embedding turned by RoPE), heads of layer 1 look for a place whose previous token is the current one and pass on the
    token there. Random projections carry the tokens; training keeps and refines what helps."""
    c, hd = model.c, model.c.head_dim
    groups, rep = c.kv_heads, c.heads // c.kv_heads
    model.emb[:, 0] = constant
    x0 = constant / model.emb.pow(2).mean(-1).sqrt().mean()
    basis = torch.linalg.qr(torch.randn(c.d - 1, c.d - 1))[0]
    basis = torch.cat([torch.zeros(c.d - 1, 1), basis], 1)
    half = groups * hd
    token, back = basis[:half - 1], basis[half - 1:]  # where tokens are read, where the token before is written
    token = torch.cat([token, basis[-1:]])[:half]
    back = back[:half]
    first, second = model.blocks[0], model.blocks[1]
    theta = c.rope_theta ** (-torch.arange(0, hd, 2).float() / hd)
    near = range(0, 6)
    size = (gain / (x0 ** 2 * c.att_scale)) ** 0.5
    slow = [i for i in range(hd // 2) if theta[i] < 0.06]
    dims = sorted([2 * i for i in slow] + [2 * i + 1 for i in slow])
    for g in range(groups):
        q = slice(g * rep * hd, g * rep * hd + hd)  # the first query head of the group
        k = slice(g * hd, (g + 1) * hd)
        for p in (first, second):
            p.q[q] = 0
            p.k[k] = 0
        for i in near:
            first.q[q.start + 2 * i, 0] = size
            first.k[k.start + 2 * i, 0] = size * theta[i].cos()
            first.k[k.start + 2 * i + 1, 0] = size * theta[i].sin()
        first.v[k] = token[k]
        first.o[:, q] = back[k].T * 0.5
        for n, r in enumerate(dims):
            second.q[q.start + r] = token[k.start + n] * 2.2
            second.k[k.start + r] = back[k.start + n] * 2.2
        second.v[k] = basis[torch.randperm(c.d - 1)[:hd]]
        second.o[:, q] = second.v[k].T * 3.0

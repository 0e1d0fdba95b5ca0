#!/usr/bin/env python3
"""A second oracle: the Transformers library's own implementation of each architecture, on the weights of a GGUF file.

    tests/inference/transformers_oracle.py [--briefctl PATH] [FILE.gguf ...]      default: tests/data/gguf/*.gguf

Builds the library's configuration and weights from the file's metadata and tensors (dequantised), runs it in float64 and
compares log-probabilities over its own 8 most probable tokens of each position: with `briefctl logits`, and with llama.cpp's
where FILE.json has them (`exact`: on the weights as F32). Not part of tests/run: needs the Python packages torch,
transformers and gguf, and skips aloud without. Exit code 1 if a distance that should be small isn't.

Quantised files: briefctl's distance has the error of quantised activations in it, the library's weights are exact."""
import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
try:
    import gguf
    import numpy as np
    import torch
    import transformers
except ImportError as e:
    print(f"skipped: {e.name} is not installed (pip install torch transformers gguf)", file=sys.stderr)
    sys.exit(77)

TOP, BOUND_EXACT = 8, 0.005
INTERLEAVED = ("llama", "granite", "granitemoe")  # llama.cpp pairs neighbours where the library pairs halves: rows move


class Source:
    """Metadata and tensors of a GGUF file."""

    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.fields = reader.fields
        self.arch = self.key("general.architecture")
        self.tensors = {t.name: t for t in reader.tensors}
        self.used = set()

    def key(self, name, otherwise=None):
        field = self.fields.get(name)
        return field.contents() if field else otherwise

    def get(self, name, otherwise=None):
        return self.key(f"{self.arch}.{name}", otherwise)

    def has(self, name):
        return name in self.tensors

    def take(self, name):
        t = self.tensors[name]
        self.used.add(name)
        values = gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64)
        return torch.from_numpy(values.reshape(tuple(int(d) for d in reversed(t.shape))))


def halves(w, heads):
    """Rows of each head from neighbours (0, 1), (2, 3) ... to halves (0, n/2), (1, n/2 + 1) ..."""
    head = w.shape[0] // heads
    return w.reshape(heads, head // 2, 2, *w.shape[1:]).transpose(1, 2).reshape(w.shape)


# ---- configurations ------------------------------------------------------------------------------------------------

def rope_of(s):
    rope = {"rope_type": "default", "rope_theta": s.get("rope.freq_base", 10000.0)}
    original = s.get("rope.scaling.original_context_length")
    if s.get("rope.scaling.type") == "yarn":
        rope.update(rope_type="yarn", factor=s.get("rope.scaling.factor"), original_max_position_embeddings=original,
                    beta_fast=32.0, beta_slow=1.0)
        if s.arch == "gpt-oss":
            rope["truncate"] = False
        if s.get("rope.scaling.yarn_log_multiplier"):
            rope["mscale"] = rope["mscale_all_dim"] = 10 * s.get("rope.scaling.yarn_log_multiplier")
    if s.has("rope_factors_short.weight"):
        rope.update(rope_type="longrope", short_factor=s.take("rope_factors_short.weight").tolist(),
                    long_factor=s.take("rope_factors_long.weight").tolist(), original_max_position_embeddings=original,
                    attention_factor=s.get("rope.scaling.attn_factor"))
        rope["short_mscale"] = rope["long_mscale"] = rope["attention_factor"]  # phimoe's names for it
    head = s.get("attention.key_length") or s.get("embedding_length") // s.get("attention.head_count")
    if s.arch == "phi3":
        rope["partial_rotary_factor"] = s.get("rope.dimension_count", head) / head
    return rope


def common_config(s):
    heads = s.get("attention.head_count")
    c = {"hidden_size": s.get("embedding_length"), "num_hidden_layers": s.get("block_count"), "num_attention_heads": heads,
         "num_key_value_heads": s.get("attention.head_count_kv", heads),
         "intermediate_size": s.get("feed_forward_length") or s.get("expert_feed_forward_length"),
         "vocab_size": int(s.tensors["token_embd.weight"].shape[1]), "max_position_embeddings": s.get("context_length"),
         "rms_norm_eps": s.get("attention.layer_norm_rms_epsilon"), "rope_parameters": rope_of(s),
         "tie_word_embeddings": not s.has("output.weight"), "pad_token_id": None, "bos_token_id": None, "eos_token_id": None,
         "attention_dropout": 0.0}
    if s.get("attention.key_length") and s.arch != "deepseek2":
        c["head_dim"] = s.get("attention.key_length")
    if s.get("expert_count"):
        c["num_experts_per_tok"] = s.get("expert_used_count")
    return c


def config_of(s):
    """(the library's name of the architecture, its configuration)."""
    c, experts = common_config(s), s.get("expert_count", 0)
    wide = s.get("expert_feed_forward_length")
    if s.arch == "llama":
        return ("mixtral", {**c, "num_local_experts": experts}) if experts else ("llama", c)
    if s.arch in ("granite", "granitemoe"):
        c.update(embedding_multiplier=s.get("embedding_scale", 1.0), residual_multiplier=s.get("residual_scale", 1.0),
                 attention_multiplier=s.get("attention.scale"), logits_scaling=s.get("logit_scale", 1.0))
        if not experts:
            return "granite", c
        shared = s.get("expert_shared_feed_forward_length", 0)
        return ("granitemoeshared" if shared else "granitemoe"), {**c, "num_local_experts": experts, "shared_intermediate_size": shared}
    if s.arch in ("qwen2", "qwen3"):
        return s.arch, c
    if s.arch in ("qwen2moe", "qwen3moe"):
        c.update(num_experts=experts, moe_intermediate_size=wide, norm_topk_prob=s.arch == "qwen3moe",
                 shared_expert_intermediate_size=s.get("expert_shared_feed_forward_length", 0), decoder_sparse_step=1)
        return s.arch.replace("moe", "_moe"), c
    if s.arch == "olmoe":
        return "olmoe", {**c, "num_experts": experts, "norm_topk_prob": False}
    if s.arch == "phi3":
        return "phi3", {**c, "original_max_position_embeddings": s.get("rope.scaling.original_context_length", 4096)}
    if s.arch == "phimoe":
        return "phimoe", {**c, "num_local_experts": experts, "attention_bias": True, "lm_head_bias": True, "router_jitter_noise": 0.01}
    if s.arch == "gpt-oss":
        return "gpt_oss", {**c, "num_local_experts": experts, "sliding_window": s.get("attention.sliding_window"),
                           "layer_types": ["sliding_attention", "full_attention"] * (c["num_hidden_layers"] // 2)}
    if s.arch == "deepseek2":
        return deepseek_config(s, c)
    raise KeyError(f"no mapping of architecture {s.arch}")


def deepseek_config(s, c):
    third = s.get("expert_gating_func", 1) == 2  # sigmoid: V3
    rope = s.get("rope.dimension_count")
    c.update(kv_lora_rank=s.get("attention.kv_lora_rank"), q_lora_rank=s.get("attention.q_lora_rank") or None, qk_rope_head_dim=rope,
             qk_nope_head_dim=s.get("attention.key_length_mla", s.get("attention.key_length")) - rope,
             v_head_dim=s.get("attention.value_length_mla", s.get("attention.value_length")),
             n_routed_experts=s.get("expert_count"), n_shared_experts=s.get("expert_shared_count"),
             moe_intermediate_size=s.get("expert_feed_forward_length"), first_k_dense_replace=s.get("leading_dense_block_count", 0),
             routed_scaling_factor=s.get("expert_weights_scale", 1.0), norm_topk_prob=bool(s.get("expert_weights_norm", False)),
             num_key_value_heads=c["num_attention_heads"], n_group=s.get("expert_group_count", 1), topk_group=s.get("expert_group_used_count", 1))
    return "deepseek_v3" if third else "deepseek_v2", c


# ---- weights -------------------------------------------------------------------------------------------------------

PLAIN = {  # suffix of the file's name: of the library's
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "post_attention_norm": "post_attention_layernorm",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "attn_qkv": "self_attn.qkv_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "attn_q_a": "self_attn.q_a_proj",
    "attn_q_a_norm": "self_attn.q_a_layernorm", "attn_q_b": "self_attn.q_b_proj", "attn_kv_a_mqa": "self_attn.kv_a_proj_with_mqa",
    "attn_kv_a_norm": "self_attn.kv_a_layernorm", "attn_kv_b": "self_attn.kv_b_proj", "ffn_gate": "mlp.gate_proj",
    "ffn_down": "mlp.down_proj"}
ROUTERS = {"granitemoe": "block_sparse_moe.router", "phimoe": "mlp.router", "gpt-oss": "mlp.router"}


def experts_of(s, b, layer):
    """Gate, up and down of all experts in the library's fused layout."""
    place = b + ("block_sparse_moe" if s.arch == "granitemoe" else "mlp") + ".experts."
    gate, up = (s.take(layer + f"ffn_{n}_exps.weight") for n in ("gate", "up"))
    down = s.take(layer + "ffn_down_exps.weight")
    if s.arch != "gpt-oss":
        return {place + "gate_up_proj": torch.cat([gate, up], 1), place + "down_proj": down}
    biases = [s.take(layer + f"ffn_{n}_exps.bias") for n in ("gate", "up", "down")]
    return {place + "gate_up_proj": torch.stack([gate, up], 2).flatten(1, 2).transpose(1, 2),  # columns in turn
            place + "gate_up_proj_bias": torch.stack(biases[:2], 2).flatten(1, 2),
            place + "down_proj": down.transpose(1, 2), place + "down_proj_bias": biases[2]}


def shared_of(s, b, layer):
    gate, up, down = (s.take(layer + f"ffn_{n}_shexp.weight") for n in ("gate", "up", "down"))
    if s.arch == "granitemoe":
        return {b + "shared_mlp.input_linear.weight": torch.cat([gate, up], 0), b + "shared_mlp.output_linear.weight": down}
    name = b + ("mlp.shared_expert." if s.arch == "qwen2moe" else "mlp.shared_experts.")
    out = {name + "gate_proj.weight": gate, name + "up_proj.weight": up, name + "down_proj.weight": down}
    if s.has(layer + "ffn_gate_inp_shexp.weight"):
        out[b + "mlp.shared_expert_gate.weight"] = s.take(layer + "ffn_gate_inp_shexp.weight").reshape(1, -1)
    return out


def layer_of(s, i):
    layer, b, out = f"blk.{i}.", f"model.layers.{i}.", {}
    heads = {"attn_q": s.get("attention.head_count"), "attn_k": s.get("attention.head_count_kv")}
    for suffix, name in PLAIN.items():
        for part in ("weight", "bias"):
            if s.has(f"{layer}{suffix}.{part}"):
                out[f"{b}{name}.{part}"] = s.take(f"{layer}{suffix}.{part}")
    for suffix, n in heads.items():
        for part in ("weight", "bias"):
            if s.has(f"{layer}{suffix}.{part}"):
                w = s.take(f"{layer}{suffix}.{part}")
                out[f"{b}self_attn.{suffix[-1]}_proj.{part}"] = halves(w, n) if s.arch in INTERLEAVED else w
    if s.has(layer + "attn_k_b.weight"):
        k, v = s.take(layer + "attn_k_b.weight").transpose(1, 2), s.take(layer + "attn_v_b.weight")
        out[b + "self_attn.kv_b_proj.weight"] = torch.cat([k, v], 1).flatten(0, 1)
    if s.has(layer + "attn_sinks.weight"):
        out[b + "self_attn.sinks"] = s.take(layer + "attn_sinks.weight")
    if s.has(layer + "ffn_up.weight"):
        out[b + ("mlp.gate_up_proj.weight" if s.arch == "phi3" else "mlp.up_proj.weight")] = s.take(layer + "ffn_up.weight")
    router = b + ROUTERS.get(s.arch, "mlp.gate")
    for part in ("weight", "bias"):
        if s.has(f"{layer}ffn_gate_inp.{part}"):
            out[f"{router}.{part}"] = s.take(f"{layer}ffn_gate_inp.{part}")
    if s.has(layer + "exp_probs_b.bias"):
        out[router + ".e_score_correction_bias"] = s.take(layer + "exp_probs_b.bias")
    if s.has(layer + "ffn_gate_exps.weight"):
        out.update(experts_of(s, b, layer))
    if s.has(layer + "ffn_gate_shexp.weight"):
        out.update(shared_of(s, b, layer))
    return out


def weights_of(s):
    out = {"model.embed_tokens.weight": s.take("token_embd.weight"), "model.norm.weight": s.take("output_norm.weight")}
    for name, key in (("output_norm.bias", "model.norm.bias"), ("output.weight", "lm_head.weight"), ("output.bias", "lm_head.bias")):
        if s.has(name):
            out[key] = s.take(name)
    if not s.has("output.weight"):
        out["lm_head.weight"] = out["model.embed_tokens.weight"]
    for i in range(s.get("block_count")):
        out.update(layer_of(s, i))
    return out


# ---- where llama.cpp, which published GGUF files are made for, computes something else than the library ------------------

def adapt(s, kind, model):
    """Change the library's model where the file means something else; says what."""
    said = []
    if s.has("rope_freqs.weight"):  # Llama 3.1's rule as a table
        model.model.rotary_emb.inv_freq /= s.take("rope_freqs.weight")
        said.append("rope_freqs: frequencies divided by the file's table")
    if kind == "deepseek_v2" and s.get("rope.scaling.yarn_log_multiplier"):
        m = 1 + s.get("rope.scaling.yarn_log_multiplier") * math.log(s.get("rope.scaling.factor"))
        for layer in model.model.layers:
            plain = layer.self_attn.qk_head_dim ** -0.5
            if math.isclose(layer.self_attn.scaling, plain):
                layer.self_attn.scaling = plain * m * m
                said.append("the library leaves YaRN's factor out of V2's attention scale; the published code has it: put in")
    return sorted(set(said))


def rms_for_layer_norm(model, eps):
    """phimoe: llama.cpp has RMS norm plus bias where the published model has LayerNorm."""
    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * self.weight + self.bias

    for m in model.modules():
        if isinstance(m, torch.nn.LayerNorm):
            m.forward = forward.__get__(m)


def softmax_for_sparsemixer(model, n_used):
    """phimoe: llama.cpp takes the k most probable experts, weighted by a softmax over them, for the published SparseMixer."""
    def forward(self, x):
        logits = torch.nn.functional.linear(x.reshape(-1, x.shape[-1]), self.weight)
        values, ids = logits.topk(n_used, -1)
        return logits, values.softmax(-1), ids

    for m in model.modules():
        if type(m).__name__ == "PhimoeTopKRouter":
            m.forward = forward.__get__(m)


def llama_cpp_form(s, kind, model):
    """(what llama.cpp, and briefd with it, computes instead; the library's model changed to that), or None."""
    if kind == "phimoe":
        rms_for_layer_norm(model, s.get("attention.layer_norm_rms_epsilon"))
        softmax_for_sparsemixer(model, s.get("expert_used_count"))
        return "llama.cpp has RMS norm plus bias for LayerNorm, and a softmax over the chosen experts for SparseMixer", model
    if kind == "gpt_oss":
        return "llama.cpp rounds YaRN's correction range to whole dimensions, the published model does not", build(s, {"truncate": True})[1]
    return None


# ---- running and comparing -----------------------------------------------------------------------------------------

def build(s, rope=None):
    kind, settings = config_of(s)
    settings["rope_parameters"].update(rope or {})
    config = transformers.AutoConfig.for_model(kind, **settings)
    config._attn_implementation = "eager"
    if hasattr(config, "_experts_implementation"):
        config._experts_implementation = "eager"
    torch.set_default_dtype(torch.float64)
    model = transformers.AutoModelForCausalLM.from_config(config).double().eval()
    weights = weights_of(s)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if "rotary" not in name and "inv_freq" not in name]
    idle = sorted(set(s.tensors) - s.used - {"rope_freqs.weight"})
    if missing or unexpected or idle:
        raise KeyError(f"weights: missing {missing[:3]}, unexpected {list(unexpected)[:3]}, unused {idle[:3]}")
    return kind, model


def logprobs_of(model, ids):
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([ids]), use_cache=False).logits[0].double(), -1)


def distance(truth, top):
    """Mean and largest |difference| over the truth's TOP tokens of each position; `top` as `briefctl logits` prints it."""
    total, worst, n = 0.0, 0.0, 0
    for row in top:
        values = dict(zip(row["ids"], row["logprobs"]))
        best = truth[row["pos"]].topk(TOP)
        for value, token in zip(best.values.tolist(), best.indices.tolist()):
            if token not in values:  # a top list that does not reach so far
                continue
            d = abs(values[token] - value)
            total, worst, n = total + d, max(worst, d), n + 1
    return total / n, worst


def ours(briefctl, path, ids):
    p = subprocess.run([briefctl, "logits", "-m", path, "--tokens", ",".join(map(str, ids)), "--top", "1000000"],
                       capture_output=True, text=True, check=False)
    if p.returncode:
        return p.stderr.strip().splitlines()[-1]
    return json.loads(p.stdout)["top"]


def one_file(path, briefctl):
    """(rows of the table, good)."""
    source = Source(path)
    kind, model = build(source)
    beside = path.with_suffix(".json")
    vector = json.loads(beside.read_text()) if beside.exists() else {}
    vocabulary = int(source.tensors["token_embd.weight"].shape[1])
    ids = vector.get("tokens") or [(1 + 37 * i) % vocabulary for i in range(64)]
    for line in adapt(source, kind, model):
        print(f"  {path.stem}: {line}")
    truths = [(kind, logprobs_of(model, ids))]
    different = llama_cpp_form(source, kind, model)
    if different:
        said, model = different
        print(f"  {path.stem}: {said}; the second line is the library changed to that")
        truths.append((f"{kind}, as llama.cpp", logprobs_of(model, ids)))
    own, good = ours(briefctl, path, ids), True
    for label, truth in truths:
        row = f"{path.stem:22}{label:24}"
        as_file = label is truths[-1][0]
        for name, top in (("ours", own), ("exact", vector.get("exact")), ("top", vector.get("top"))):
            if isinstance(top, str) or top is None:
                row += f"{'-':>22}"
                continue
            mean, worst = distance(truth, top)
            row += f"{mean:>11.6f}{worst:>11.6f}"
            if as_file and name == "exact" and mean > BOUND_EXACT:
                good = False
        if isinstance(own, str):
            row += f"  ours: {own[-90:]}"
        elif as_file and vector.get("top") and vector.get("exact"):  # ours may be off as far as llama.cpp is, and a little more
            bound = 1.25 * distance(truth, vector["top"])[0] + BOUND_EXACT
            good = good and distance(truth, own)[0] <= bound
        print(row + ("" if good or not as_file else "   TOO FAR"), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--briefctl", default=ROOT / "build/release/briefctl", type=Path)
    options = parser.parse_args()
    files = options.files or sorted((ROOT / "tests/data/gguf").glob("*.gguf"))
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, float64; mean and largest |difference| of "
          f"log-probabilities, its {TOP} most probable tokens")
    print(f"{'file':22}{'library':24}{'briefctl':>22}{'llama.cpp, as F32':>22}{'llama.cpp':>22}")
    failed = []
    for path in files:
        try:
            if not one_file(path, options.briefctl):
                failed.append(path.stem)
        except Exception as e:  # the library's own errors are of every kind; the table goes on
            print(f"{path.stem:22}FAILED: {type(e).__name__}: {str(e)[:200]}", flush=True)
            failed.append(path.stem)
    if failed:
        sys.exit(f"not as they should be: {', '.join(failed)}")


if __name__ == "__main__":
    main()

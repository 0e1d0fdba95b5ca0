"""Reads and renders the prompt templates of etc/templates as the daemon does (syntax: README.md there)."""
import re

MARK = '\x01'  # where a tag stood: a line of marks and white space only vanishes


def lookup(scopes, path):
    for scope in scopes:
        value = scope
        for part in path.split('.'):
            value = value.get(part) if isinstance(value, dict) else None
            if value is None:
                break
        if value is not None and value != '':
            return value
    return None


def parse(tokens, i, ends):
    nodes = []
    while i < len(tokens):
        kind, text = tokens[i]
        if kind == 'text':
            nodes.append(('text', text))
            i += 1
            continue
        word = text.split()
        if word[0] in ends:
            return nodes, i
        if word[0] == 'if':
            yes, i = parse(tokens, i + 1, ('else', 'fi'))
            no = []
            if tokens[i][1].split()[0] == 'else':
                no, i = parse(tokens, i + 1, ('fi',))
            nodes.append(('if', word[1:], yes, no))
        elif word[0] == 'each':
            newest = int(re.search(r'newest=(\d+)', text).group(1)) if 'newest=' in text else 10**9
            inner, i = parse(tokens, i + 1, ('done',))
            nodes.append(('each', word[1], newest, inner))
        else:
            nodes.append(('value', word[0]))
        i += 1
    return nodes, i


def render_nodes(nodes, scopes):
    out = []
    for n in nodes:
        if n[0] == 'text':
            out.append(n[1])
        elif n[0] == 'value':
            v = lookup(scopes, n[1])
            out.append(MARK + re.sub(r'\s+', ' ', v) if isinstance(v, str) else MARK)
        elif n[0] == 'if':
            v = lookup(scopes, n[1][0])
            yes = v is not None if len(n[1]) == 1 else (v == n[1][2]) == (n[1][1] == '=')
            out.append(MARK + render_nodes(n[2] if yes else n[3], scopes) + MARK)
        else:
            items = (lookup(scopes, n[1]) or [])[:n[2]]
            out.append(MARK + ''.join(render_nodes(n[3], [item] + scopes) for item in items) + MARK)
    return ''.join(out)


def render(nodes, scopes):
    text = render_nodes(nodes, scopes)
    lines = [line.replace(MARK, '') for line in text.split('\n')
             if not (MARK in line and not line.replace(MARK, '').strip())]
    return '\n'.join(lines).strip()


def load(path):
    """{step: (options, system nodes, user nodes)}"""
    with open(path) as f:
        source = re.sub(r'\{\{#.*?\}\}\n?', '', f.read())
    steps = {}
    for m in re.finditer(r'\{\{step (\w+)([^}]*)\}\}(.*?)\{\{system\}\}(.*?)\{\{user\}\}(.*?)\{\{end\}\}', source, re.S):
        parts = []
        for text in (m.group(4), m.group(5)):
            tokens = [('tag', t[2:-2].strip()) if t.startswith('{{') else ('text', t)
                      for t in re.split(r'(\{\{.*?\}\})', text) if t]
            parts.append(parse(tokens, 0, ())[0])
        options = dict(re.findall(r'(\w+)=(\w+)', m.group(2)))
        steps[m.group(1)] = (options, parts[0], parts[1])
    return steps

"""Measures of a brief's text against its record and the labels that a person gave: plain functions, no process, no model.

Written forms are compared by what they say: "GBP 38,400.00", "£38,400" and "38.4k" are one number, "4 Dec", "4. Dezember 2026"
and "2026-12-04" one day (the year is not compared), "six" is 6."""
import datetime
import re
import unicodedata

MONTHS = {name: i for i, names in enumerate((
    "january januar jan", "february februar feb", "march märz mar mrz", "april apr", "may mai", "june juni jun", "july juli jul",
    "august aug", "september sept sep", "october oktober oct okt", "november nov", "december dezember dec dez"), 1)
    for name in names.split()}
NUMBERS = {word: str(i) for i, words in enumerate((
    "two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun", "ten zehn",
    "eleven elf", "twelve zwölf"), 2) for word in words.split()}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
ISO = re.compile(r"\b\d{4}-(\d\d)-(\d\d)(?:[t ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?z?)?\b")
DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?({MONTH})\b\.?(?:,?\s+\d{{4}}\b)?")
MONTH_FIRST = re.compile(rf"\b({MONTH})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d|[.,]\d)(?:,?\s+\d{{4}}\b)?")
POINTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(?:(?:20)?\d\d\b)?")
GROUPED = re.compile(r"\d{1,3}(?:[.,'\u00a0\u202f]\d{3})+(?!\d)")
THOUSANDS = re.compile(r"\b(\d+)(?:\.(\d))?\s?k\b")


def day(month, number):
    return f" day{int(month):02d}{int(number):02d} "


def normal(text):
    """Tokens between single blanks, with one at either end."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ß", "ss")
    text = ISO.sub(lambda m: day(m[1], m[2]), text)
    text = DAY_FIRST.sub(lambda m: day(MONTHS[m[2]], m[1]), text)
    text = MONTH_FIRST.sub(lambda m: day(MONTHS[m[1]], m[2]), text)
    text = POINTED.sub(lambda m: day(m[2], m[1]) if 0 < int(m[2]) <= 12 and 0 < int(m[1]) <= 31 else m[0], text)
    text = GROUPED.sub(lambda m: re.sub(r"\D", "", m[0]), text)
    text = THOUSANDS.sub(lambda m: str(int(m[1]) * 1000 + int(m[2] or 0) * 100), text)
    text = re.sub(r"(\d)[.,](\d+)", lambda m: m[1] + ("" if set(m[2]) == {"0"} else "point" + m[2].rstrip("0")), text)
    text = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"(?<=\d)(?=[^\W\d])(?!point\d)|(?<=[^\W\d])(?=\d)(?<!day)(?<!point)", " ", text.replace("'", ""))
    return " " + " ".join(NUMBERS.get(t, t) for t in re.findall(r"\w+", text)) + " "


def sentences(text):
    """A full stop ends one before a capital that follows a word; "Dr. Roth" and "3. Mai" stay whole."""
    parts = re.split(r"(?<=[^\W\d]{2}[.!?])\s+(?=[A-ZÄÖÜ\"„])|(?<=[\"”“)\]][.!?])\s+(?=[A-ZÄÖÜ])|(?<=\d[.!?])\s+(?=(?!" + MONTH + r")[A-Z])|(?<=[.!?])\s*\n+|\n\n+", text)
    joined = []
    for part in (p.strip() for p in parts if p and p.strip()):
        if joined and re.search(r"\b(?:Mr|Mrs|Ms|Dr|Fr|Hr|Prof|St|Nr|No|ca|bzw|inkl)\.$|\d\.$", joined[-1]) and len(joined[-1]) < 400 \
                and (not joined[-1][-2].isdigit() or re.match(rf"(?:{MONTH})\b", part.casefold())):
            joined[-1] += " " + part
        else:
            joined.append(part)
    return joined


def has(normalised, form):
    """form: words in order; a word that ends in * stands for all that begin so."""
    tokens = "".join(normal(part).strip() + ("* " if star else " ") for part, star in re.findall(r"([^*]+)(\*?)\s*", form)).split()
    pattern = " ".join(re.escape(t[:-1]) + r"\w*" if t.endswith("*") else re.escape(t) for t in tokens)
    return bool(tokens) and re.search(f" {pattern} ", normalised) is not None


def says(units, forms):
    """Whether one unit (a sentence or a bullet) holds one of the forms: "a & b" wants both, "a & !b" the first without the other."""
    def holds(unit, form):
        return all(not has(unit, part[1:]) if part.startswith("!") else has(unit, part) for part in form)
    alternatives = [[part.strip() for part in form.split(" & ")] for form in forms]
    return any(holds(unit, form) for unit in map(normal, units) for form in alternatives)


# What the record does not say

POLITE = set("sie ihr ihre ihrem ihren ihrer ihres ihnen".split())  # German, with a capital in letters

SPAN = re.compile(r"^ ?(?:business )?(day|days|tag|tage|tagen|tages|week|weeks|woche|wochen|month|months|monat|monate|monaten|year|years|jahr|jahre|jahren|hour|hours|stunde|stunden) ")


def unsupported(unit, record, today, known=frozenset()):
    """Numbers, days and names of a unit that neither the record nor arithmetic on its dates gives, and a past day said to be
    ahead: list of words.

    record: all of the record's text; known: words that are no names, folded."""
    there = set(normal(record).split())
    dates = {datetime.date.fromisoformat(d) for d in re.findall(r"\b\d{4}-\d\d-\d\d\b", record)}
    spans = {abs((today - d).days) for d in dates}
    spans |= {s // 7 for s in spans} | {s // 30 for s in spans} | {s // 365 for s in spans} | {abs((a - b).days) for a in dates for b in dates}
    text = normal(unit)
    found = []
    for m in re.finditer(r"(?<= )(day\d{4}|\d\w*)(?= )", text):
        word = m[0]
        if word in there or word == f"day{today:%m%d}":
            continue
        if word.isdigit() and SPAN.match(text[m.end():]) and int(word) in spans:
            continue
        found.append(word)
    for month, number, days in re.findall(r" day(\d\d)(\d\d) in (\d+) (?:days?|tage?n?)\b", text):
        if (today + datetime.timedelta(int(days))).strftime("%m%d") != month + number:
            found.append(f"in {days} days")
    for m in re.finditer(r"(?<=[\w,] )[A-ZÄÖÜ][\w'’-]*[a-zäöüß][\w'’-]*", unit):
        words = normal(m[0]).split()
        if not all(w in there or w in known or w in POLITE or w.isdigit() or w.startswith("day") or w in MONTHS
                   or w.rstrip("s") in there or w.rstrip("s") in known for w in words):
            found.append(m[0])
    return found


# Who did what: an activity is known by its day

FROM_THEM = r"\b(?:e-?mail|message|call|nachricht|anruf|mail) (?:\w+ )?(?:from|von|by)\b|\byour (?:e-?mail|message|note|call|question)\b|\bihre[nr]? (?:nachricht|mail|e-mail|anruf|frage|anfrage)\b|\b(?:called|rang|wrote to|told) us\b"
FROM_US = r"\bi (?:last )?(?:wrote|called)\b|\bhabe ich ihnen\b|\bwe (?:wrote|called|told|offered|sent|rang|asked)\b|\b(?:e-?mail|message|call) to\b|\bschrieben wir\b|\bwir (?:haben )?(?:schrieben|riefen|boten)\b|\b(?:e-mail|mail|anruf|nachricht) (?:an|bei)\b|\briefen wir\b|\bour (?:e-?mail|message|offer|quote) of\b"
WRITTEN = r"\be-?mail\b|\bwrote\b|schrieb|\byour message\b|\bihre nachricht\b"
SPOKEN = r"\bcall(?:ed)?\b|\bphone\b|\btelefon|\banruf|\brief\b|\briefen\b"


def wrong_direction(unit, activities):
    """Whether a unit that names the day of exactly one activity says the other direction or the other kind.

    activities: (day as normal() writes it, kind, direction)."""
    text = unit.casefold()
    head = re.split(r":\s", text[:140])[0]  # where a line says what it tells of; behind a colon the note's own words come
    named = [a for a in activities if f" {a[0]} " in normal(head)]
    if len(named) != 1:
        return False
    _, kind, direction = named[0]
    if direction == "outbound" and re.search(FROM_THEM, head) or direction == "inbound" and re.search(FROM_US, head):
        return True
    return kind in ("call", "meeting") and re.search(WRITTEN, head) is not None or kind == "email" and re.search(SPOKEN, head) is not None


# Form

EN = set("the a an and or of to in is was for with on at by from has have we our you your it this that not they are will next".split())
DE = set("der die das den dem des ein eine einen einem und oder von zu im ist war für mit auf bei am wir unser ihr ihre sie es nicht hat haben wird nächster vor seit".split())


def language(text):
    words = re.findall(r"\w+", text.casefold())
    en, de = sum(w in EN for w in words), sum(w in DE for w in words)
    return None if en == de else "en" if en > de else "de"


def repeats(*texts):
    """The first words that one of the texts has twice: in a row ("booths booths"), or seven of them anywhere. Else None."""
    for words in (normal(text).split() for text in texts):
        for n in (4, 3, 2, 1):
            for i in range(len(words) - 2 * n + 1):
                if words[i:i + n] == words[i + n:i + 2 * n] and not words[i].isdigit():
                    return " ".join(words[i:i + 2 * n])
        seen = set()
        for i in range(len(words) - 6):
            seven = " ".join(words[i:i + 7])
            if seven in seen:
                return seven
            seen.add(seven)
    return None


def syllables(word):
    n = len(re.findall(r"[aeiouyäöü]+", word.casefold()))
    if word.endswith("e") and n > 1 and not re.search(r"[äöüß]", word) and not word.endswith("le"):
        n -= 1 if word.isascii() else 0
    return max(n, 1)


def reading_ease(text, lang):
    """English: Flesch (1948); German: Amstad (1978), where a final e is spoken. None without words."""
    words = re.findall(r"[^\W\d_]+", text)
    n = max(len(sentences(text)), 1)
    if not words:
        return None
    if lang == "de":
        spoken = sum(max(len(re.findall(r"[aeiouyäöü]+", w.casefold())), 1) for w in words)
        return 180 - len(words) / n - 58.5 * spoken / len(words)
    return 206.835 - 1.015 * len(words) / n - 84.6 * sum(map(syllables, words)) / len(words)


def valid(value, schema):
    """JSON Schema, the keywords that the templates use."""
    if "anyOf" in schema and not any(valid(value, s) for s in schema["anyOf"]):
        return False
    own_words = any(isinstance(v, str) and v.startswith("$") for v in schema.get("enum", ()))  # any string of the record
    if "enum" in schema and not (own_words and isinstance(value, str)) and not any(value == v and type(value) is type(v) for v in schema["enum"]):
        return False
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    types = schema.get("type")
    types = [types] if isinstance(types, str) else types
    name = names[type(value)]
    if types and name not in types and not (name == "integer" and "number" in types):
        return False
    if isinstance(value, str):
        return schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    if isinstance(value, list):
        return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)) and all(valid(v, schema.get("items", {})) for v in value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return all(k in value for k in schema.get("required", ())) and all(
            valid(v, properties[k]) if k in properties else schema.get("additionalProperties", True) is not False for k, v in value.items())
    return True


# Labels

def read_labels(path):
    """{(object, id): {"language", "mail", "fields": {name: forms}, "notes", "asks", "wrong": [(kind, forms)]}}

    A line without indent begins a record: OBJECT ID LANGUAGE ["no-mail"]. Below it, indented:
    "field|note|ask NAME: form | form" and "wrong role|direction|old|sensitive|order: form | form"."""
    labels = {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not line.startswith(" "):
            if len(words) < 3 or words[2] not in ("en", "de") or words[3:] not in ([], ["no-mail"]) or (words[0], words[1]) in labels:
                raise ValueError(f"{path.name}:{n}: not OBJECT ID LANGUAGE [no-mail], or there already")
            current = {"language": words[2], "mail": not words[3:], "fields": {}, "notes": {}, "asks": {}, "wrong": []}
            labels[words[0], words[1]] = current
            continue
        head, _, forms = line.strip().partition(":")
        kind, _, name = head.partition(" ")
        forms = [f.strip() for f in forms.split(" | ") if f.strip()]
        place = {"field": "fields", "note": "notes", "ask": "asks"}.get(kind)
        if not forms or not name or not (place or kind == "wrong" and name in ("role", "direction", "old", "sensitive", "order")):
            raise ValueError(f"{path.name}:{n}: not a label")
        if place:
            if name in current[place]:
                raise ValueError(f"{path.name}:{n}: {name} twice")
            current[place][name] = forms
        else:
            current["wrong"].append((name, forms))
    return labels

/* detectors.c: what is looked for. One row, one shape; an entity may have several rows. A new entity is a new row
 * (and perhaps a validator). Patterns are PCRE2 with letter case ignored ((?-i) where it matters), Unicode classes,
 * and a greatest width; they read normalised text (normalise.h): digits are ASCII, dashes '-', spaces ' '.
 *
 * Scores: 1.0 the shape alone is proof or its check digits are; 0.5 and more: nothing else looks like this; less:
 * a context word must be near. Where tests/data/pii states bounds, the scores keep them. */
#include "detect.h"

/* clang-format off: a table */

/* Boundaries: no letter or digit beside. */
#define L "(?<!\\w)"
#define R "(?!\\w)"
/* The same, and no part of a longer number with hyphens. */
#define LD "(?<!\\w)(?<!\\d-)"
#define RD "(?!\\w|-\\d)"
/* Scripts without spaces between words put letters beside a number. */
#define LK "(?<!\\d)(?<!\\d-)"
#define RK "(?!\\d|-\\d)"

#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"

#define MONTH_NAMES \
    "(?:jan(?:uary|uar|\\.)?|feb(?:ruary|ruar|\\.)?|mar(?:ch|\\.)?|märz|mär\\.?|mrz\\.?|apr(?:il|\\.)?|" \
    "may|mai|jun(?:e|i|\\.)?|jul(?:y|i|\\.)?|aug(?:ust|\\.)?|sep(?:tember|t\\.?|\\.)?|o[ck]t(?:ober|" \
    "\\.)?|nov(?:ember|\\.)?|de[cz](?:ember|\\.)?|janvier|février|mars|avril|juin|juillet|août|septembre|" \
    "octobre|novembre|décembre|jänner)"
#define DAY "(?:0?[1-9]|[12]\\d|3[01])"
#define MONTH "(?:0?[1-9]|1[0-2])"
#define YEAR "(?:19|20)\\d{2}"

#define BIRTH_DATE \
    "(?:" DAY "[./-]" MONTH "[./-](?:" YEAR "|\\d{2})|" MONTH "[/-]" DAY "[/-](?:" YEAR "|\\d{2})|" YEAR "[./-]" MONTH \
    "[./-]" DAY "|" DAY "(?:\\.|st|nd|rd|th|er)?(?: of| de)? " MONTH_NAMES "(?: de)?,? " YEAR "|" MONTH_NAMES " " DAY \
    "(?:st|nd|rd|th)?,? " YEAR ")"

/* An amount: grouped or plain, with decimals, with a multiplier. */
#define AMOUNT \
    "(?:\\d{1,3}(?:[., ']\\d{3}){1,5}(?!\\d)(?:[.,](?:\\d{1,2}|-{1,2}))?|\\d{1,13}(?:[.,](?:\\d{1,4}|" \
    "-{1,2}))?)"
#define MULTIPLIER \
    "(?: ?(?:million(?:en|s)?|milliarden?|billion|thousand|tausend|mille|mio\\.?|mrd\\.?|tsd\\.?|mn|bn|k|" \
    "m)(?!\\w))"
#define CURRENCY_WORD \
    "(?:eur(?:os?)?|usd|gbp|chf|jpy|cny|inr|(?-i:SEK)|nok|dkk|pln|czk|huf|cad|aud|nzd|zar|brl|sgd|dollars?|" \
    "pounds?|franken|francs?)(?!\\w)"
#define CURRENCY_SIGN "(?:(?:us|ca|au|nz|hk|sg|a|c|s)?\\$|[€£¥₹])"

/* Top-level domains taken without a scheme before them (IANA root zone, the common ones, less those that are file
 * extensions: md, py, rs, sh ...). */
#define TLD_GENERIC \
    "com|org|net|edu|gov|mil|int|info|biz|name|pro|aero|coop|museum|jobs|mobi|travel|tel|cat|asia|xyz|" \
    "site|online|shop|store|tech|app|dev|cloud|blog|page|web|website|agency|digital|email|group|company|" \
    "consulting|solutions|services|systems|software|support|network|media|studio|design|finance|bank|" \
    "insurance|legal|health|team|work|works|world|live|life|today|space|zone|top|club|vip|berlin|hamburg|" \
    "koeln|bayern|wien|london|paris|nyc|gmbh|ltd|inc|llc"
#define TLD_COUNTRY \
    "ac|ad|ae|af|ag|ai|al|am|ao|ar|at|au|az|ba|bd|be|bg|bh|bo|br|bw|by|bz|ca|ch|ci|cl|cm|cn|co|cr|cu|" \
    "cy|cz|de|dk|do|dz|ec|ee|eg|es|et|eu|fi|fj|fm|fo|fr|ga|ge|gg|gh|gi|gl|gr|gt|hk|hn|hr|ht|hu|id|ie|il|" \
    "im|in|io|iq|ir|is|it|je|jm|jo|jp|ke|kg|kh|kr|kw|ky|kz|lb|li|lk|lt|lu|lv|ly|ma|mc|me|mg|mk|ml|mm|" \
    "mn|mo|mt|mu|mv|mx|my|mz|na|ng|ni|nl|no|np|nz|om|pa|pe|pg|ph|pk|pl|pr|pt|qa|re|ro|ru|rw|" \
    "sa|sc|sd|se|sg|si|sk|sn|st|su|sv|sy|tc|tg|th|tj|tk|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|uk|us|uy|uz|va|" \
    "vc|ve|vg|vi|vn|vu|ws|ye|za|zm|zw"
#define HOST_LABEL "(?:\\w[\\w-]{0,62}+)" /* possessive: nothing shorter could come before a dot */
#define URL_TAIL "(?::\\d{1,5})?(?:[/?#](?:[^\\s\"'<>\\\\]{0,1900}[\\w/=&#%+~$-])?)?"

/* Letters of spaced IBANs, by length of the country's IBAN less the four leading characters. */
#define IBAN_OF(countries, rest) "(?:" countries ")\\d{2}(?:[ -]?[A-Z0-9]){" #rest "}" R

const struct detector detectors[] = {
    /* entity, locale, class, pattern, context, validator, score, context score */

    /* ---- anywhere ---- */
    {"EMAIL_ADDRESS", "", DETECT_PII,
     L "\\w[\\w.!#$%&'*+/=?^`{|}~-]{0,63}+@(?:" HOST_LABEL
     "\\.){1,8}(?:xn--[a-z0-9-]{2,59}|[^\\W\\d_]{2,24})" RD,
     NULL, NULL, 1.0, 1.0},
    {"URL", "", DETECT_PII, "\"(?:https?|ftp)://[^\\s\"<>]{4,1900}\"|'(?:https?|ftp)://[^\\s'<>]{4,1900}'",
     NULL, NULL, 0.6, 0.6},
    {"URL", "", DETECT_PII,
     L "(?:https?|ftp|wss?)://(?:[\\w.~%!$&*+,;=:-]{1,64}@)?(?:" HOST_LABEL
     "\\.){1,64}(?:xn--[a-z0-9-]{2,59}|[^\\W\\d_]{2,24})" RD URL_TAIL,
     NULL, NULL, 0.6, 0.6},
    {"URL", "", DETECT_PII,
     "(?<![\\w@.-])(?:" HOST_LABEL "\\.){1,8}(?:" TLD_GENERIC "|(?-i:" TLD_COUNTRY "))(?![\\w@-]|\\.\\w)"
     URL_TAIL,
     "website|web|url|link|domain|homepage|webseite|site", NULL, 0.5, 0.6},
    {"IP_ADDRESS", "", DETECT_PII,
     "(?<![\\w.])(?:" OCTET "\\.){3}" OCTET "(?:/(?:3[0-2]|[12]?\\d)(?!\\d))?(?!\\w|\\.\\d)",
     "ip|server|host|address|adresse", NULL, 0.6, 0.8},
    {"IP_ADDRESS", "", DETECT_PII,
     "(?<![\\w:.])(?=[0-9a-f]{0,4}:)(?:[0-9a-f:]{1,34}:(?:\\d{1,3}\\.){3}\\d{1,3}|[0-9a-f:]{1,40}(?:[0-9a-f]|"
     "::))(?:%[a-z0-9]{1,16})?" "(?:/(?:12[0-8]|1[01]\\d|[1-9]?\\d)(?!\\d))?(?!\\w|:[\\w:]|\\.\\d)",
     "ip|ipv6|server|host|address|adresse", "ipv6", 0.6, 0.8},
    {"IP_ADDRESS", "", DETECT_PII, "(?<![\\w:])::(?:/\\d{1,3})?(?![\\w:.])",
     NULL, NULL, 0.1, 0.1},
    {"MAC_ADDRESS", "", DETECT_PII,
     "(?<![\\w:-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\\1){4}[0-9a-f]{2}|"
     "[0-9a-f]{4}\\.[0-9a-f]{4}\\.[0-9a-f]{4})(?![\\w:-])",
     "mac|ethernet|hardware", "mac_address", 0.6, 0.8},
    {"CREDIT_CARD", "", DETECT_PII,
     LD "(?:\\d{13,19}|\\d{4}([ .-])\\d{4}\\1\\d{4}\\1\\d{4}(?:\\1\\d{3})?|"
     "3\\d{3}([ .-])\\d{6}\\2\\d{4,5}|[3-6]\\d{3}[ -]?\\d{3,4}[ -]?\\d{3,4}[ -]?\\d{3,5})" RD,
     "card|credit|visa|mastercard|amex|karte|kreditkarte|carte|tarjeta|carta|cvv|cvc", "credit_card", 0.3, 1.0},
    {"IBAN_CODE", "", DETECT_PII,
     L "(?=[A-Z]{2}\\d{2})(?:" IBAN_OF("NO", 11) "|" IBAN_OF("BE", 12) "|" IBAN_OF("DK|FO|FI|GL|NL", 14) "|"
     IBAN_OF("MK|SI", 15) "|" IBAN_OF("AT|BA|EE|KZ|LT|LU|XK", 16) "|" IBAN_OF("CH|HR|LI|LV", 17) "|"
     IBAN_OF("BG|BH|CR|DE|GB|GE|IE|ME|RS|VA", 18) "|" IBAN_OF("AE|GI|IL|IQ|TL", 19) "|"
     IBAN_OF("AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG", 20) "|" IBAN_OF("LY|PT|ST", 21) "|" IBAN_OF("IS|TR", 22)
     "|" IBAN_OF("BI|DJ|FR|GR|IT|MC|MR|SM", 23) "|" IBAN_OF("AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV", 24) "|"
     IBAN_OF("BR|EG|PS|QA|UA", 25) "|" IBAN_OF("JO|KW|MU", 26) "|" IBAN_OF("MT|SC", 27) "|"
     IBAN_OF("LC", 28) ")",
     NULL, "iban", 0.5, 1.0},
    {"BIC", "", DETECT_PII, L "(?-i:[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?)" R,
     "bic|swift|bank|iban|bankverbindung", "bic", 0.05, 0.85},
    {"BIC", "", DETECT_PII, L "(?:bic|swift(?:[ -]?code)?)[ /:-]{1,4}(?<v>[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?)" R,
     NULL, "bic", 0.85, 0.85},
    {"CRYPTO", "", DETECT_PII,
     L "(?-i:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})" R,
     "bitcoin|btc|wallet|crypto", "bitcoin", 0.5, 1.0},
    {"CRYPTO", "", DETECT_PII, L "0x[0-9a-f]{40}" R,
     "ethereum|eth|wallet|crypto", NULL, 0.5, 0.9},
    {"PHONE_NUMBER", "", DETECT_PII,
     "(?<![\\w+])(?:\\+|00)[1-9]\\d{0,2}[ ./-]{0,2}(?:\\(\\d{1,5}\\)[ ./-]{0,2})?\\d{1,12}(?:[ ./-]{"
     "1,3}\\d{1,8}){0,6}" R,
     "tel|telefon|phone|mobile|mobil|fax|call|handy", "phone", 0.4, 0.75},
    {"PHONE_NUMBER", "us", DETECT_PII,
     LD "(?:1[ .-])?(?:\\([2-9]\\d{2}\\) ?|[2-9]\\d{2}[ .-])[2-9]\\d{2}[ .-]\\d{4}" RD,
     "tel|phone|cell|mobile|fax|call|number", NULL, 0.4, 0.75},
    /* country code without its plus: India, UK, Germany, France, US */
    {"PHONE_NUMBER", "", DETECT_PII,
     "(?<![\\w+-])(?:1|33|44|49|91)[ -]\\(?\\d{2,4}\\)?[ -]\\d{3,4}[ -]\\d{3,4}" RD,
     "tel|telefon|phone|mobile|mobil|fax|call", "phone", 0.4, 0.75},
    /* national with trunk 0: Germany, UK, France, Israel ... */
    {"PHONE_NUMBER", "", DETECT_PII,
     "(?<![\\w.+-])(?:\\(0[1-9]\\d{0,4}\\)|0[1-9]\\d{0,4})[ ./-]{1,3}\\d{2,8}(?:[ ./-]\\d{2,6}){0,4}" R,
     "tel|telefon|phone|mobile|mobil|fax|call|handy", "phone", 0.4, 0.75},
    {"PHONE_NUMBER", "", DETECT_PII, "(?<![\\w.,+-])0[1-9]\\d{8,10}" RD,
     "tel|telefon|phone|mobile|mobil|fax|call|handy", NULL, 0.4, 0.75},
    {"PHONE_NUMBER", "cn", DETECT_PII, "(?<![\\w.,+-])1[3-9]\\d{9}" RD,
     "tel|phone|mobile|call|number", NULL, 0.4, 0.75},
    {"PHONE_NUMBER", "us", DETECT_PII, "(?<![\\w.,+-])[2-9]\\d{2}[2-9]\\d{6}" RD,
     "tel|phone|cell|mobile|fax|call", NULL, 0.3, 0.75},
    {"IMEI", "", DETECT_PII, LD "(?:\\d{15}|\\d{2}([ -])\\d{6}\\1\\d{6}\\1\\d)" RD,
     "imei|gerät|device|handy|handset|mobile", "luhn", 0.3, 1.0},
    {"DEVICE_ID", "", DETECT_PII, L "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" R,
     "device|uuid|guid|udid|gerät|geräte-id|idfa|idfv|gaid|aaid|advertising|appareil|dispositivo", NULL, 0.3, 0.8},
    {"DEVICE_ID", "", DETECT_PII, L "(?:[0-9a-f]{40}|0000[0-9a-f]{4}-[0-9a-f]{16})" R, /* Apple's UDID, old and new */
     "udid|device|gerät|iphone|ipad", NULL, 0.1, 0.8},
    {"DEVICE_ID", "", DETECT_PII, LD "89\\d{2}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{2,4}" RD, /* ICCID (ITU-T E.118) */
     "iccid|sim|simkarte|sim-karte", "luhn", 0.1, 1.0},
    {"DEVICE_ID", "", DETECT_PII, L "(?:\\d{15,16}|[0-9a-f]{14}|[0-9a-f]{16})" R,
     "imsi|meid|imeisv|android id|android-id|android_id|esn", NULL, 0.02, 0.7},
    {"DEVICE_ID", "", DETECT_PII,
     L "(?:serial(?: (?:no|number))?|s/n|seriennummer|serien-nr|numéro de série|número de serie)\\.?[ :#]{1,3}"
     "(?<v>(?=[A-Z-]{0,24}\\d)[A-Z0-9](?:[A-Z0-9-]{4,22})[A-Z0-9])" R,
     NULL, NULL, 0.6, 0.6},
    {"GPS_COORDINATES", "", DETECT_PII,
     "(?<![\\w.])[-+]?\\d{1,2}\\.\\d{4,15}°? ?[NS]?[,;/ ]{1,3}[-+]?\\d{1,3}\\.\\d{4,15}(?!\\d|\\.\\d)(?:°? ?[EWO](?!\\w)|°)?",
     "gps|coordinates|koordinaten|coordonnées|coordenadas|lat|latitude|location|standort|position", "gps", 0.6, 0.9},
    {"GPS_COORDINATES", "", DETECT_PII,
     L "(?:geo:|(?:lat(?:itude)?|breite(?:ngrad)?)[:= ]{1,3})[-+]?\\d{1,2}(?:\\.\\d{1,15})?°? ?[NS]?[,; ]{1,3}"
     "(?:(?:lon(?:g(?:itude)?)?|lng|länge(?:ngrad)?)[:= ]{1,3})?[-+]?\\d{1,3}(?:\\.\\d{1,15})?(?!\\d|\\.\\d)(?:°? ?[EWO](?!\\w)|°)?",
     NULL, "gps", 0.85, 0.9},
    {"GPS_COORDINATES", "", DETECT_PII,
     L "\\d{1,2}° ?\\d{1,2}(?:\\.\\d{1,6})?['′] ?(?:\\d{1,2}(?:\\.\\d{1,4})?(?:[\"″]|'')? ?)?[NS][,;/ ]{1,3}"
     "\\d{1,3}° ?\\d{1,2}(?:\\.\\d{1,6})?['′] ?(?:\\d{1,2}(?:\\.\\d{1,4})?(?:[\"″]|'')? ?)?[EWO]" R,
     NULL, "gps", 0.9, 0.9},
    {"DATE_OF_BIRTH", "", DETECT_PII,
     L "(?:born(?: on)?|dob|d\\.o\\.b\\.?|date of birth|birth ?date|birthday|geb(?:oren)?\\.?(?: am)?|geburts(?:datum|tag)|"
     "née? le|date de naissance|nacid[oa] el|fecha de nacimiento|nat[oa] il|data di nascita|data de nascimento|"
     "geboren op|geboortedatum|data urodzenia|ur\\.|födelsedatum|född|syntymäaika|doğum tarihi)"
     "(?:[: ]{1,3}| ?= ?| (?:is|was|ist|war|on|the|am)(?: the)? )(?<v>" BIRTH_DATE ")" R,
     NULL, "birth_date", 0.9, 0.9},
    {"DATE_OF_BIRTH", "", DETECT_PII, "(?<![\\w*])\\* ?(?<v>" DAY "\\." MONTH "\\." YEAR ")" R, /* "* 12.03.1980", German */
     "geb|geburt|jahrgang|tochter|sohn|kind|mitarbeiter|patient|kundin|kunde", "birth_date", 0.3, 0.8},

    /* ---- secrets: the issuers' public prefixes ---- */
    {"API_KEY", "", DETECT_PII, L "(?-i:(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,251}|glpat-[\\w-]{20,64})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII, L "(?-i:xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\\d-[A-Za-z0-9-]{10,250})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9]{16,100})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,250}|hf_[A-Za-z0-9]{30,60}|npm_[A-Za-z0-9]{36})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:AIza[\\w-]{35}|ya29\\.[\\w-]{20,250}|SG\\.[\\w-]{22}\\.[\\w-]{43}|(?:AC|SK)[0-9a-f]{32})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:pat-(?:na|eu)\\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|"
     "00D[A-Za-z0-9]{12,15}![\\w.]{40,200})" R,
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII, L "(?-i:eyJ[\\w-]{8,700}\\.eyJ[\\w-]{8,1000}\\.[\\w-]{4,690})",
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     "(?-i:-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?:[A-Za-z0-9+/=\\s]{0,2200}-----END (?:["
     "A-Z]{1,12} ){0,2}PRIVATE KEY-----)?)",
     NULL, NULL, 0.99, 0.99},
    {"API_KEY", "", DETECT_PII,
     L "(?-i:dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0(?:atp|csp)-[\\w-]{22,43}|dapi[0-9a-f]{32}|"
     "lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{40,60}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|hv[sbr]\\.[\\w-]{24,200}|"
     "figd_[\\w-]{40,60}|gsk_[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{60,90}|r8_[A-Za-z0-9]{37,40}|pypi-AgE[\\w-]{50,200}|"
     "NRAK-[A-Z0-9]{27}|ATATT3[\\w=-]{100,220}|glc_[A-Za-z0-9+/=]{32,200}|sntry[su]_[\\w+/=-]{40,200}|"
     "AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}|EAACEdEose0cBA[A-Za-z0-9]{20,200}|key-[0-9a-f]{32}|[0-9a-f]{32}-us\\d{1,2})",
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII, L "(?-i:\\d{8,10}:AA[\\w-]{33}|pat[A-Za-z0-9]{14}\\.[0-9a-f]{64})", /* Telegram, Airtable */
     NULL, NULL, 0.95, 0.95},
    {"API_KEY", "", DETECT_PII,
     "(?<![a-z0-9])(?:api|access|secret|auth|client|private|account|bearer|session|refresh)[ _-]?(?:key|token|secret|schlüssel)\"?'?"
     "(?: (?:is|ist|lautet))?[ :=]{1,4}[\"']?(?<v>(?:bearer )?[A-Za-z0-9_.+/=~-]{16,250})",
     NULL, "entropy", 0.3, 0.9},
    {"API_KEY", "", DETECT_PII, L "(?:authorization: ?)?(?:bearer|token) (?<v>[A-Za-z0-9_.+/=~-]{20,250})",
     NULL, "entropy", 0.3, 0.9},
    {"API_KEY", "", DETECT_PII, "(?<![a-z0-9])[a-z][a-z0-9+.-]{1,12}://[^\\s:@/]{1,64}:(?<v>[^\\s@/]{1,64})@(?=\\w)", /* in a URL */
     NULL, NULL, 0.9, 0.9},
    {"PASSWORD", "", DETECT_PII,
     L "(?:password|passwd|pwd|passphrase|passcode|passwort|kennwort|mot de passe|contraseñ"
     "a|senha|hasło|wachtwoord|lösenord|zugangscode|pw|pass)(?: {0,2}[:=] {0,3}| (?:is|ist|lautet|est|es) (?=[^\\s]{0,40}\\d))(?<v>[^\\s,;]{2,63}[^\\s,;"
     ".!?)])",
     NULL, NULL, 0.8, 0.8},
    {"PASSWORD", "", DETECT_PII, L "(?-i:PIN)(?: (?:is|ist|lautet))?[: ]{1,3}(?<v>\\d{4,8})" R,
     NULL, NULL, 0.8, 0.8},

    /* ---- facts ---- */
    {"DATE_TIME", "", DETECT_FACT,
     "(?<![\\w.-])" YEAR "-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])[T ](?:[01]\\d|"
     "2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?: ?Z|[+-]\\d{2}:?\\d{2})?" R,
     NULL, NULL, 0.8, 0.8},
    {"DATE_TIME", "", DETECT_FACT, "(?<![\\w./-])" YEAR "([./-])" MONTH "\\1" DAY "(?![\\w/-]|\\.\\d)",
     NULL, NULL, 0.6, 0.8},
    {"DATE_TIME", "", DETECT_FACT,
     "(?<![\\w./-])" DAY "([./-])" MONTH "\\1(?:" YEAR "|\\d{2})(?![\\w/-]|\\.\\d)",
     NULL, NULL, 0.6, 0.8},
    {"DATE_TIME", "us", DETECT_FACT,
     "(?<![\\w./-])" MONTH "([/-])" DAY "\\1(?:" YEAR "|\\d{2})(?![\\w/-]|\\.\\d)",
     NULL, NULL, 0.6, 0.8},
    {"DATE_TIME", "", DETECT_FACT, "(?<![\\w./-])" DAY "-" MONTH_NAMES "(?:-(?:" YEAR "|\\d{2}))?" RD,
     NULL, NULL, 0.6, 0.8},
    {"DATE_TIME", "", DETECT_FACT, L MONTH_NAMES "-(?:" YEAR "|\\d{2})" RD,
     NULL, NULL, 0.6, 0.8},
    {"DATE_TIME", "", DETECT_FACT,
     "(?<![\\w./-])" DAY "(?:st|nd|rd|th|er|\\.)? (?:of |de )?" MONTH_NAMES "(?:,? " YEAR ")?" R,
     NULL, NULL, 0.7, 0.8},
    {"DATE_TIME", "", DETECT_FACT,
     L MONTH_NAMES " " DAY "(?:st|nd|rd|th)?(?![\\w:]|[.,]\\d)(?:,? " YEAR R ")?",
     NULL, NULL, 0.7, 0.8},
    {"DATE_TIME", "", DETECT_FACT, L MONTH_NAMES ",? " YEAR R, NULL, NULL, 0.65, 0.8},
    {"DATE_TIME", "", DETECT_FACT,
     L "(?:Q[1-4][ /-]{0,2}" YEAR "|" YEAR "[ /-]{0,2}Q[1-4]|H[12] ?" YEAR "|[1-4]\\. ?quartal ?" YEAR
     "|[1-4](?:st|nd|rd|th) quarter(?: of)? " YEAR ")" R,
     NULL, NULL, 0.65, 0.8},
    {"DATE_TIME", "", DETECT_FACT, "(?<![\\w./,-])" DAY "\\." MONTH "\\.(?![\\w])",
     NULL, NULL, 0.3, 0.6},
    {"DATE_TIME", "", DETECT_FACT, "(?<![\\w./-])(?:0[1-9]|1[0-2])/" YEAR "(?![\\w/.-])",
     NULL, NULL, 0.2, 0.6},
    {"DATE_TIME", "", DETECT_FACT,
     "(?<![\\w./-])(?!24/7)(?:" MONTH "/" DAY "|" DAY "/" MONTH ")(?![\\w/.%-])",
     NULL, NULL, 0.1, 0.6},
    {"MONEY", "", DETECT_FACT, "(?<![\\w.,])-?" CURRENCY_SIGN " ?-?" AMOUNT MULTIPLIER "?(?![\\w%])",
     NULL, NULL, 0.8, 0.8},
    {"MONEY", "", DETECT_FACT, "(?<![\\w.,])" CURRENCY_WORD " ?-?" AMOUNT MULTIPLIER "?(?![\\w%])",
     NULL, NULL, 0.8, 0.8},
    {"MONEY", "", DETECT_FACT,
     "(?<![\\w.,])-?" AMOUNT MULTIPLIER "? ?(?:" CURRENCY_SIGN "|" CURRENCY_WORD ")",
     NULL, NULL, 0.85, 0.85},
    {"MONEY", "", DETECT_FACT,
     "(?<![\\w.,-])\\d{1,4}(?:[.,]\\d{1,3})?(?:[km]|mn|bn| ?(?:mio|mrd|tsd)\\.?| (?:million(?:en|"
     "s)?|milliarden?|billion))(?!\\w)",
     "budget|price|deal|preis|amount|value|arr|revenue", NULL, 0.35, 0.5},
    /* no digit stays outside: the second form is for tokens that the first finds too long */
    {"NUMBER", "", DETECT_FACT,
     "(?<![\\w-])[+-]?(?=[\\w-]{0,120}\\p{N})(?:\\w|\\p{N}|-(?=\\w)|(?<=\\d)[.,:/'](?=\\d)){1,120}(?: ?%)?|"
     "\\p{N}\\w{0,120}(?: ?%)?",
     NULL, NULL, 0.02, 0.02},

    /* ---- Germany ---- */
    {"DE_TAX_ID", "de", DETECT_PII, LD "[1-9]\\d{10}" RD,
     "idnr|steuer|tax|identifikationsnummer|steuer-id", "de_tax_id", 0.3, 1.0},
    {"DE_TAX_ID", "de", DETECT_PII, LD "[1-9]\\d \\d{3} \\d{3} \\d{3}" RD,
     "idnr|steuer|tax|identifikationsnummer|steuer-id", "de_tax_id", 0.3, 1.0},
    {"DE_TAX_NUMBER", "de", DETECT_LOCALE,
     "(?<![\\w/])(?<!\\d-)(?:(?:0[1-9]|1[0-6])\\d{11}|\\d{3}/\\d{3}/\\d{5}|\\d{3}/\\d{4}/\\d{4}|"
     "\\d{2}/\\d{3}/\\d{5}|(?:1[01]|2[1-8]|3\\d|4\\d|5\\d|9\\d)\\d{2}0\\d{8})(?![\\w/]|-\\d)",
     "steuernummer|st.-nr|steuer-nr|stnr|finanzamt", NULL, 0.4, 0.8},
    {"DE_TAX_NUMBER", "de", DETECT_LOCALE,
     "(?<![\\w/])(?<!\\d-)(?:\\d{2,3}/\\d{3,4}/\\d{4,5}|\\d{5}/\\d{5}|0?\\d{2,3} \\d{3,4} \\d{4,5})(?![\\w/]|-\\d)",
     "steuernummer|st.-nr|steuer-nr|stnr|finanzamt", NULL, 0.2, 0.8},
    {"DE_VAT_ID", "de", DETECT_LOCALE, L "DE[ .-]?\\d{3}[ .-]?\\d{3}[ .-]?\\d{3}" R,
     "ust|vat|umsatzsteuer|rechnung|ustid", "de_vat_id", 0.5, 0.8},
    {"DE_ID_CARD", "de", DETECT_LOCALE, L "(?:[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}\\d|T\\d{8})" R,
     "ausweis|personalausweis|identity card|id card|ausweisnummer|perso", "de_id_card", 0.5, 0.8},
    {"DE_PASSPORT", "de", DETECT_LOCALE, L "[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}\\d" R,
     "pass|reisepass|passport|passnummer|pass-nr", "de_passport", 0.4, 0.8},
    {"DE_HEALTH_INSURANCE", "de", DETECT_LOCALE, L "[A-Z]\\d{9}" R,
     "kvnr|krankenkasse|egk|versichertennummer|krankenversicherung", "de_health_insurance", 0.3, 0.8},
    {"DE_SOCIAL_SECURITY", "de", DETECT_LOCALE, L "\\d{2} ?\\d{6} ?[A-Z] ?\\d{3}" R,
     "rvnr|sozialversicherung|rentenversicherung|sv-nummer", "de_social_security", 0.5, 0.9},
    {"DE_LANR", "de", DETECT_LOCALE, LD "\\d{9}" RD,
     "lanr|arztnummer|arzt", "de_lanr", 0.2, 0.8},
    {"DE_BSNR", "de", DETECT_LOCALE, LD "\\d{9}" RD,
     "bsnr|betriebsstättennummer|praxis", "de_bsnr", 0.2, 0.6},
    {"DE_FUEHRERSCHEIN", "de", DETECT_LOCALE, L "[A-Z]{2}\\d{8}[A-Z0-9]" R,
     "führerschein|fahrerlaubnis|driving licence|fs-nr|license|licence", NULL, 0.35, 0.7},
    {"DE_HANDELSREGISTER", "de", DETECT_LOCALE, L "HR[AB][\\s]{0,4}\\d{1,6}" R,
     "handelsregister|amtsgericht|eingetragen|registergericht|registernummer", NULL, 0.5, 0.8},
    {"DE_KFZ", "de", DETECT_LOCALE, LD "[A-ZÄÖÜ]{1,3}[ -][A-Z]{1,2}[ -][1-9]\\d{0,3}[EH]?" RD,
     "kennzeichen|fahrzeug|kfz|auto|wagen|pkw|lkw|plate|nummernschild", NULL, 0.2, 0.6},
    {"DE_PLZ", "de", DETECT_LOCALE, "(?<![\\w.,-])(?!01000|99999)(?:0[1-9]|[1-9]\\d)\\d{3}(?![\\w-]|[.,]\\d)",
     "plz|postleitzahl|ort|adresse|anschrift|address|zip|straße|strasse", NULL, 0.05, 0.6},

    /* ---- United Kingdom ---- */
    {"UK_NHS", "uk", DETECT_LOCALE, LD "\\d{3}[- ]?\\d{3}[- ]?\\d{4}" RD,
     "nhs|patient|nhs number|health service", "uk_nhs", 0.5, 1.0},
    {"UK_NINO", "uk", DETECT_LOCALE,
     L "(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?\\d{2} ?\\d{2} ?\\d{2} ?[a-d]" R,
     "national insurance|nino|ni number", NULL, 0.5, 0.8},
    {"UK_PASSPORT", "uk", DETECT_LOCALE, L "[A-Z]{2}\\d{7}" R, "passport", NULL, 0.1, 0.6},
    {"UK_POSTCODE", "uk", DETECT_LOCALE,
     L "(?:GIR ?0AA|(?:[A-PR-UWYZ]\\d{1,2}|[A-PR-UWYZ][A-HK-Y]\\d{1,2}|[A-PR-UWYZ]\\d[A-HJKPSTUW]|"
     "[A-PR-UWYZ][A-HK-Y]\\d[ABEHMNPRVWXY]) ?\\d[ABD-HJLNP-UW-Z]{2})" R,
     "postcode|post code|address", NULL, 0.1, 0.6},
    {"UK_VEHICLE_REGISTRATION", "uk", DETECT_LOCALE,
     L "[A-HJ-PR-Y][A-HJ-PR-Y](?:0[2-9]|[12]\\d|5[1-9]|[67]\\d)[ -]?[A-HJ-PR-Z]{3}" R,
     "reg|registration|vehicle|number plate", NULL, 1.0, 1.0},
    {"UK_VEHICLE_REGISTRATION", "uk", DETECT_LOCALE, L "[A-HJ-NPR-TV-Y]\\d{1,3}[ -]?[A-HJ-PR-Y][A-HJ-PR-Z]{2}" R,
     "reg|registration|vehicle|number plate", NULL, 0.2, 0.6},
    {"UK_VEHICLE_REGISTRATION", "uk", DETECT_LOCALE, L "[A-HJ-PR-Z]{3}[ -]?\\d{1,3}[ -]?[A-HJ-NPR-TV-Y]" R,
     "reg|registration|vehicle|number plate", NULL, 0.15, 0.6},
    {"UK_DRIVING_LICENCE", "uk", DETECT_LOCALE,
     L "(?:[A-Z]{5}|[A-Z]{4}9|[A-Z]{3}99|[A-Z]{2}999|[A-Z]9999)\\d(?:[05][1-9]|[16][0-2])(?:0[1-9]|"
     "[12]\\d|3[01])\\d[A-Z9]{2}[A-Z0-9][A-Z]{2}" R,
     "licence|license|driving|dvla", NULL, 0.4, 0.8},

    /* ---- Spain, Italy, Poland, Finland, Sweden, Turkey ---- */
    {"ES_NIF", "es", DETECT_LOCALE, L "\\d{7,8}-?[A-Z]" R,
     "nif|dni|identidad", "es_nif", 0.5, 1.0},
    {"ES_NIE", "es", DETECT_LOCALE, L "[XYZ]\\d{7}-?[A-Z]" R,
     "nie|extranjero", "es_nif", 0.5, 1.0},
    {"ES_PASSPORT", "es", DETECT_LOCALE, L "[A-Z]{3}\\d{6}" R,
     "pasaporte|passport", NULL, 0.05, 0.6},
    {"IT_FISCAL_CODE", "it", DETECT_LOCALE,
     L "(?=[A-Z]{6,15}\\d)[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]" R,
     "codice fiscale|cf|c.f|codice|fiscale|tax code", "it_fiscal_code", 0.3, 0.9},
    {"IT_VAT_CODE", "it", DETECT_LOCALE, "(?:(?<!\\w)(?<!\\d-)|(?<=\\bIT))(?:\\d[ _]?){7}\\d[ _-]?(?:\\d[ _]?){2}\\d" RD,
     "partita iva|piva|p.iva|p. iva|iva|vat", "it_vat_code", 0.1, 0.9},
    {"IT_DRIVER_LICENSE", "it", DETECT_LOCALE, L "(?:[A-Z]{2}\\d{7}[A-Z]|U1[B-DF-HJ-NP-TV-Z0-9]{7}[A-Z])" R,
     "patente|license|licenza", NULL, 0.2, 0.6},
    {"IT_IDENTITY_CARD", "it", DETECT_LOCALE,
     L "(?:[A-Z]{2} ?\\d{7}|\\d{7}[A-Z]{2}|[A-Z]{2}\\d{5}[A-Z]{2})" R,
     "carta|identità|cie", NULL, 0.01, 0.6},
    {"IT_PASSPORT", "it", DETECT_LOCALE, L "[A-Z]{2}\\d{7}" R,
     "passaporto|passport", NULL, 0.01, 0.6},
    {"PL_PESEL", "pl", DETECT_LOCALE, LD "\\d{11}" RD,
     "pesel", "pl_pesel", 0.4, 1.0},
    {"FI_PERSONAL_IDENTITY_CODE", "fi", DETECT_LOCALE, L "\\d{6}[-+A-FU-Y]\\d{3}[0-9A-Y]" R,
     "henkilötunnus|hetu|personal identity code", "fi_personal_identity_code", 0.5, 1.0},
    {"SE_PERSONNUMMER", "se", DETECT_LOCALE,
     "(?<![\\d-])(?:(?:18|19|20)\\d{6}-?\\d{4}|\\d{6}[-+]?\\d{4})" RD,
     "personnummer|pnr|id code", "se_personnummer", 0.5, 1.0},
    {"SE_ORGANISATIONSNUMMER", "se", DETECT_LOCALE, LD "\\d{6}-?\\d{4}" RD,
     "orgnummer|organisationsnummer|org.nr", "se_organisationsnummer", 0.5, 1.0},
    {"TR_NATIONAL_ID", "tr", DETECT_LOCALE, LD "[1-9]\\d{10}" RD,
     "kimlik|tckn|tc no", "tr_national_id", 0.3, 1.0},
    {"TR_LICENSE_PLATE", "tr", DETECT_LOCALE, LD "(?:0[1-9]|[1-7]\\d|8[01])(?: ?[A-PR-VYZ]{1,3} ?|-[A-PR-VYZ]{1,3}-)\\d{2,4}" RD,
     "plaka|plate|araç|araba|vehicle", "tr_license_plate", 0.5, 1.0},
    {"TR_PHONE_NUMBER", "tr", DETECT_LOCALE,
     "(?<![\\w+-])\\+90[ -]?\\(?[2-5]\\d{2}\\)?[ .-]?\\d{3}[ .-]?\\d{2}[ .-]?\\d{2}" RD,
     "cep|telefon|tel|phone", NULL, 0.4, 0.7},
    {"TR_PHONE_NUMBER", "tr", DETECT_LOCALE,
     "(?<![\\w+-])(?:0[ -]?)?\\(?[2-5]\\d{2}\\)?[ .-]?\\d{3}[ .-]?\\d{2}[ .-]?\\d{2}" RD,
     "cep|telefon|tel|phone", NULL, 0.3, 0.7},

    /* ---- United States, Canada ---- */
    {"US_SSN", "us", DETECT_PII, LD "\\d{3}([- .])\\d{2}\\1\\d{4}" RD,
     "ssn|social security|social", "us_ssn", 0.5, 0.85},
    {"US_SSN", "us", DETECT_PII, LD "(?:\\d{5}-\\d{4}|\\d{3}-\\d{6}|\\d{9})" RD,
     "ssn|social security", "us_ssn", 0.05, 0.85},
    {"US_ITIN", "us", DETECT_LOCALE,
     LD "9\\d{2}([- ])(?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9])\\1\\d{4}" RD,
     "itin|taxpayer", NULL, 0.5, 0.85},
    {"US_ITIN", "us", DETECT_LOCALE,
     LD "9\\d{2}(?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9])\\d{4}" RD,
     "itin|taxpayer", NULL, 0.3, 0.85},
    {"US_ITIN", "us", DETECT_LOCALE,
     LD "(?:9\\d{2}[- ](?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9])\\d{4}|9\\d{2}(?:5\\d|6[0-5]|7\\d|"
     "8[0-8]|9[0-24-9])[- ]\\d{4}|9\\d{2}-(?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9]) \\d{4}|9\\d{2} (?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9])-\\d{4})" RD,
     "itin|taxpayer", NULL, 0.05, 0.85},
    {"US_PASSPORT", "us", DETECT_LOCALE, LD "\\d{9}" RD,
     "passport|travel document|pass no", NULL, 0.05, 0.6},
    {"US_PASSPORT", "us", DETECT_LOCALE, L "[A-Z]\\d{8}" R,
     "passport|travel document", NULL, 0.1, 0.6},
    {"US_DRIVER_LICENSE", "us", DETECT_LOCALE,
     L "(?:[A-Z]\\d{5,14}|[A-Z]{2}\\d{3,7}|[A-Z]\\d{18}|[A-Z]\\d{6}R|\\d{2}[A-Z]{3}\\d{5,6}|\\d{7,9}[A-Z]|\\d{8}[A-Z]{2}|"
     "[A-Z]{2}\\d{6}[A-Z]|\\d{3}[A-Z]{2}\\d{4}|[A-Z]\\d[A-Z]\\d[A-Z])" RD,
     "driver|drivers|license|licence|permit|dl#|dl|lic|dmv", NULL, 0.3, 0.65},
    {"US_DRIVER_LICENSE", "us", DETECT_LOCALE, L "[A-Z]\\d{3}-\\d{3,4}-\\d{2,4}(?:-\\d{1,3}){0,2}" RD, /* FL, IL, WI ... */
     "driver|drivers|license|licence|permit|dl#|dl|lic|dmv", NULL, 0.3, 0.65},
    {"US_DRIVER_LICENSE", "us", DETECT_LOCALE, L "(?:[A-Z]\\d{1,4}|\\d{6,14}|\\d{16})" RD,
     "driver|drivers|license|licence|permit|dl#|dl|lic|dmv", NULL, 0.01, 0.4},
    {"US_BANK_NUMBER", "us", DETECT_LOCALE, LD "\\d{8,17}" RD,
     "bank|account|acct|checking|savings|debit|deposit", NULL, 0.05, 0.45},
    {"ABA_ROUTING_NUMBER", "us", DETECT_LOCALE, LD "(?:\\d{9}|\\d{4}-\\d{4}-\\d)" RD,
     "aba|routing|bankrouting", "aba_routing", 0.3, 1.0},
    {"US_NPI", "us", DETECT_LOCALE, LD "(?:[12]\\d{9}|[12]\\d{3}[- ]\\d{3}[- ]\\d{3})" RD,
     "npi|provider|physician|nppes", "us_npi", 0.1, 1.0},
    {"US_MBI", "us", DETECT_LOCALE,
     L "[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\\d-[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\\d-[AC-HJKMNP-"
     "RT-Y]{2}\\d{2}" RD,
     "mbi|medicare|patient", NULL, 0.5, 0.85},
    {"US_MBI", "us", DETECT_LOCALE,
     L "[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\\d[AC-HJKMNP-RT"
     "-Y]{2}\\d{2}" R,
     "mbi|medicare|patient", NULL, 0.3, 0.85},
    {"MEDICAL_LICENSE", "us", DETECT_LOCALE, L "[A-HJ-MPRSTUX][A-Z9]\\d{7}" R,
     "dea|certificate|license", "us_dea", 0.4, 1.0},
    {"CA_SIN", "ca", DETECT_LOCALE, LD "[1-79]\\d{2}([- ])\\d{3}\\1\\d{3}" RD,
     "sin|social insurance|assurance sociale|nas", "ca_sin", 0.5, 0.85},
    {"CA_SIN", "ca", DETECT_LOCALE, LD "[1-79]\\d{8}" RD,
     "sin|social insurance|assurance sociale|nas", "ca_sin", 0.1, 0.85},

    /* ---- Australia ---- */
    {"AU_ABN", "au", DETECT_LOCALE, LD "\\d{2} ?\\d{3} ?\\d{3} ?\\d{3}" RD,
     "abn|business number", "au_abn", 0.1, 1.0},
    {"AU_ACN", "au", DETECT_LOCALE, LD "(?<!\\d )\\d{3} ?\\d{3} ?\\d{3}" RD,
     "acn|company number", "au_acn", 0.1, 1.0},
    {"AU_TFN", "au", DETECT_LOCALE, LD "(?<!\\d )\\d{3} ?\\d{3} ?\\d{3}" RD,
     "tfn|tax file", "au_tfn", 0.1, 1.0},
    {"AU_MEDICARE", "au", DETECT_LOCALE, LD "[2-6]\\d{3} ?\\d{5} ?\\d" RD,
     "medicare", "au_medicare", 0.1, 1.0},

    /* ---- Asia, Africa ---- */
    {"IN_AADHAAR", "in", DETECT_LOCALE, LD "\\d{4}[- :]?\\d{4}[- :]?\\d{4}" RD,
     "aadhaar|uidai", "in_aadhaar", 0.1, 1.0},
    {"IN_PAN", "in", DETECT_LOCALE, L "[A-Z]{3}[ABCFGHJLPT][A-Z]\\d{4}[A-Z]" R,
     "pan|permanent account", NULL, 0.1, 0.7},
    {"IN_PAN", "in", DETECT_LOCALE, L "[A-Z]{5}\\d{4}[A-Z]" R,
     "pan|permanent account", NULL, 0.1, 0.6},
    {"IN_PAN", "in", DETECT_LOCALE, L "(?=[A-Z0-9]{0,6}\\d{4})(?=\\d{0,9}[A-Z])[A-Z0-9]{10}" R,
     "pan|permanent account", NULL, 0.01, 0.4},
    {"IN_PASSPORT", "in", DETECT_LOCALE, L "[A-Z][1-9]\\d ?\\d{4}[1-9]" R,
     "passport", NULL, 0.1, 0.6},
    {"IN_VOTER", "in", DETECT_LOCALE, L "[A-Z][ABCDGHJKMNPRSY][A-Z]\\d{7}" R,
     "voter|epic|election", NULL, 0.4, 0.7},
    {"IN_VOTER", "in", DETECT_LOCALE, L "[A-Z]{3}\\d{7}" R,
     "voter|epic|election", NULL, 0.3, 0.6},
    {"IN_GSTIN", "in", DETECT_LOCALE, L "\\d{2}[A-Z]{5}\\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]" R,
     "gstin|gst", "in_gstin", 0.5, 1.0},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "[A-Z]{2}[ -]?\\d{1,2}[ -]?[A-Z]{1,3}[ -]?\\d{4}" R,
     "vehicle|registration|bike|car", "in_vehicle_registration", 0.5, 1.0},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "[2-9]\\d[ -]?BH[ -]?(?!0000)\\d{4}[ -]?[A-HJ-NP-Z]{1,2}" R,
     "vehicle|registration|bike|car", NULL, 0.85, 0.9},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "(?!00)\\d{2}[A-FHKPRX]\\d{6}[A-Z]" R, /* armed forces */
     "vehicle|registration|bike|car", NULL, 0.85, 0.9},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "\\d{1,3}[ -]?(?:CD|CC|UN)[ -]?[1-9]\\d{1,3}" R, /* diplomats */
     "vehicle|registration|bike|car|embassy|diplomatic", NULL, 0.4, 0.6},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "(?:[A-Z]{1,2}(?!0000)\\d{4}|I(?!00000)\\d{5})" R,
     "vehicle|registration|bike|car", NULL, 0.01, 0.4},
    {"IN_VEHICLE_REGISTRATION", "in", DETECT_LOCALE, L "[A-Z]{3}(?!0000)\\d{4}" R,
     "vehicle|registration|bike|car", NULL, 0.2, 0.5},
    {"KR_RRN", "kr", DETECT_LOCALE, LK "\\d{6}-?[1-4]\\d{6}" RK,
     "rrn|resident registration|주민등록번호|주민번호", "kr_rrn", 0.5, 0.85},
    {"KR_FRN", "kr", DETECT_LOCALE, LK "\\d{6}-?[5-8]\\d{6}" RK,
     "frn|foreigner registration|외국인등록번호|alien registration", "kr_frn", 0.5, 0.85},
    {"KR_BRN", "kr", DETECT_LOCALE, LD "(?:\\d{3}-\\d{2}-\\d{5}|\\d{10})" RD,
     "brn|business registration|사업자등록번호", "kr_brn", 0.1, 1.0},
    {"KR_DRIVER_LICENSE", "kr", DETECT_LOCALE, LK "\\d{2}[- ]?\\d{2}[- ]?\\d{6}[- ]?\\d{2}" RK,
     "license|driver|운전면허", "kr_driver_license", 0.3, 1.0},
    {"KR_PASSPORT", "kr", DETECT_LOCALE, L "[DGMORS]\\d{3}[A-Z]\\d{4}" R,
     "passport", NULL, 0.1, 0.6},
    {"KR_PASSPORT", "kr", DETECT_LOCALE, L "[DGMORS]\\d{8}" R, "passport", NULL, 0.05, 0.6},
    {"NG_NIN", "ng", DETECT_LOCALE, LD "\\d{11}" RD,
     "nin|national identification", "verhoeff", 0.1, 1.0},
    {"NG_VEHICLE_REGISTRATION", "ng", DETECT_LOCALE, LD "[A-Z]{3}[- ]?\\d{3}[- ]?[A-Z]{2}" RD,
     "plate|vehicle|registration", NULL, 0.5, 0.8},
    {"PH_MOBILE_NUMBER", "ph", DETECT_LOCALE,
     "(?<![\\w+-])(?:\\+63[ -]?|0 ?)\\(?9\\d{2}\\)?[ -]?\\d{3}[ -]?\\d{4}" RD,
     "mobile|phone|telepono|numero|cell", NULL, 0.4, 0.8},
    {"PH_TIN", "ph", DETECT_LOCALE, LD "\\d{3}-\\d{3}-\\d{3}(?:-\\d{3,5})?" RD,
     "tin|bir|tax id|taxpayer", "ph_tin", 0.05, 0.6},
    {"PH_TIN", "ph", DETECT_LOCALE, LD "(?:\\d{9}|\\d{12}|\\d{14})" RD,
     "tin|bir|tax id|taxpayer", "ph_tin", 0.01, 0.6},
    {"SG_NRIC_FIN", "sg", DETECT_LOCALE, L "[STFGM]\\d{7}[A-Z]" R,
     "nric|fin|identification", NULL, 0.5, 0.8},
    {"SG_NRIC_FIN", "sg", DETECT_LOCALE, L "[A-Z]\\d{7}[A-Z]" R,
     "nric|fin|identification", NULL, 0.3, 0.6},
    {"SG_UEN", "sg", DETECT_LOCALE, L "(?:\\d{8,9}[A-Z]|[RST]\\d{2}[A-Z]{2}\\d{4}[A-Z])" R,
     "uen|entity number|acra", "sg_uen", 0.3, 1.0},
    {"TH_TNIN", "th", DETECT_LOCALE, LK "(?:[1-8]\\d{12}|[1-8][- ]\\d{4}[- ]\\d{5}[- ]\\d{2}[- ]\\d)" RK,
     "thai id|national id|id card|บัตรประชาชน|เลขประจำตัวประชาชน|tnin", "th_tnin", 0.3, 1.0},
    {"ZA_ID_NUMBER", "za", DETECT_LOCALE, LD "\\d{13}" RD,
     "south african|rsa id|id number", "za_id_number", 0.3, 1.0},
};
const size_t n_detectors = sizeof(detectors) / sizeof(detectors[0]);

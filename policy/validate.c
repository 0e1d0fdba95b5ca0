/* validate.c: see validate.h. Every function names the source of its rule; the shapes are the detectors' business,
 * so a candidate comes here with any separators and in any case. */
#include "validate.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/crypto.h"
#include "../base/err.h"

#define MAX_SYMBOLS 64 /* letters and digits of the longest candidate: an IBAN has 34, a bech32 address 62 */

/* The letters (made capital) and digits of a candidate, separators left out. */
struct symbols {
    char s[MAX_SYMBOLS + 1];
    size_t n;
};

static bool symbols_read(const char *s, size_t n, struct symbols *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if ((c < '0' || c > '9') && (c < 'A' || c > 'Z')) continue;
        if (out->n == MAX_SYMBOLS) return false;
        out->s[out->n++] = c;
    }
    out->s[out->n] = '\0';
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Digits only, exactly `want` of them (0: any number, at most MAX_SYMBOLS), as values 0 to 9. */
static bool digits_read(const char *s, size_t n, size_t want, int *d, size_t *count)
{
    size_t found = 0, most = want ? want : MAX_SYMBOLS;

    for (size_t i = 0; i < n; i++) {
        if (is_digit(s[i])) {
            if (found == most) return false;
            d[found++] = s[i] - '0';
        } else if ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z') {
            return false;
        }
    }
    if (count) *count = found;
    return !want || found == want;
}

static int weighted(const int *d, const int *weights, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += d[i] * weights[i];
    return sum;
}

static bool all_same(const int *d, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (d[i] != d[0]) return false;
    return true;
}

static int cross_sum(int v)
{
    return v / 10 + v % 10;
}

static bool real_date(int year, int month, int day)
{
    int y, m, d;

    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    date_to_civil(date_from_civil(year, month, day), &y, &m, &d);
    return m == month && d == day;
}

/* YYMMDD where the century is not known: real in one of them. */
static bool real_short_date(const int *d)
{
    int year = d[0] * 10 + d[1], month = d[2] * 10 + d[3], day = d[4] * 10 + d[5];

    return real_date(1900 + year, month, day) || real_date(2000 + year, month, day);
}

static enum verdict yes_if(bool ok)
{
    return ok ? VERDICT_YES : VERDICT_NO;
}

/* ---- general -------------------------------------------------------------------------------------------------- */

/* ISO/IEC 7812-1 annex B: what a digit counts that is doubled. */
static const int doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};

static bool luhn_ok(const int *d, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (n - 1 - i) % 2 ? doubled[d[i]] : d[i];
    return n > 1 && sum % 10 == 0;
}

static enum verdict luhn(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    size_t count;

    return yes_if(digits_read(s, n, 0, d, &count) && !all_same(d, count) && luhn_ok(d, count));
}

/* Lengths that a network with this first digit uses, a bit each: 13-digit time stamps begin with 1. */
#define LENGTHS(low, high) ((UINT32_C(2) << (high)) - (UINT32_C(1) << (low)))
static const uint32_t card_lengths[10] = {
    [1] = LENGTHS(15, 15),                                           /* UATP */
    [2] = LENGTHS(15, 16),                                           /* Mastercard's 2-series, enRoute */
    [3] = LENGTHS(14, 16),                                           /* Diners, American Express, JCB */
    [4] = LENGTHS(13, 13) | LENGTHS(16, 16) | LENGTHS(19, 19),       /* Visa */
    [5] = LENGTHS(16, 19),                                           /* Mastercard, Maestro */
    [6] = LENGTHS(16, 19),                                           /* Discover, UnionPay */
};

static bool card_length(int first, size_t count)
{
    return count < 32 && card_lengths[first] >> count & 1;
}

static enum verdict credit_card(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    size_t count;

    if (!digits_read(s, n, 0, d, &count)) return VERDICT_NO;
    return yes_if(count > 0 && card_length(d[0], count) && !all_same(d, count) && luhn_ok(d, count));
}

/* Both sums of Luhn's formula are kept, since which digits are doubled depends on how many there will be. */
static bool credit_card_ahead(const char *s, size_t n)
{
    uint32_t lengths = n > 0 && is_digit(*s) ? card_lengths[*s - '0'] >> 1 : 0;
    int even = 0, odd = 0; /* with the last digit, or the last but one, and every second before it as it stands */

    for (size_t i = 0; i < n && lengths; i++) {
        int d = s[i] - '0', before = even;

        if (d < 0 || d > 9) {
            if ((s[i] != ' ' && s[i] != '.' && s[i] != '-') || i + 1 == n || !is_digit(s[i + 1])) return false;
            continue;
        }
        even = odd + d;
        odd = before + doubled[d];
        if (lengths & 1 && even % 10 == 0) return true;
        lengths >>= 1;
    }
    return false;
}

/* ISO 7064 mod 11,10: the check digit behind n digits. */
static int mod11_10(const int *d, size_t n)
{
    int product = 10;

    for (size_t i = 0; i < n; i++) {
        int sum = (d[i] + product) % 10;

        product = (sum ? sum : 10) * 2 % 11;
    }
    return (11 - product) % 10;
}

static enum verdict iso7064_mod11_10(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    size_t count;

    if (!digits_read(s, n, 0, d, &count) || count < 2) return VERDICT_NO;
    return yes_if(mod11_10(d, count - 1) == d[count - 1]);
}

/* Weights n .. 2 from the left, remainder 11 to the check digit: ISBN-10, NHS number. */
static bool mod11_ok(const int *d, size_t n)
{
    int sum = 0, check;

    for (size_t i = 0; i + 1 < n; i++)
        sum += d[i] * (int)(n - i);
    check = (11 - sum % 11) % 11;
    return check != 10 && check == d[n - 1];
}

static enum verdict mod11(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    size_t count;

    return yes_if(digits_read(s, n, 0, d, &count) && count > 2 && !all_same(d, count) && mod11_ok(d, count));
}

/* Verhoeff 1969, "Error detecting decimal codes": dihedral group D5. */
static bool verhoeff_ok(const int *d, size_t n)
{
    static const uint8_t permute[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                           {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                           {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                           {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
    int c = 0;

    for (size_t i = 0; i < n; i++) {
        int a = c, b = permute[i % 8][d[n - 1 - i]];

        /* product in D5: rotations 0-4, reflections 5-9 */
        if (a < 5)
            c = b < 5 ? (a + b) % 5 : 5 + (a + b - 5) % 5;
        else
            c = b < 5 ? 5 + (a - 5 + 5 - b) % 5 : (a - b + 5) % 5;
    }
    return c == 0;
}

static enum verdict verhoeff(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    size_t count;

    return yes_if(digits_read(s, n, 0, d, &count) && !all_same(d, count) && verhoeff_ok(d, count));
}

/* ISO 13616: country, length (SWIFT IBAN registry), mod 97-10 (ISO 7064) equal to 1. */
static size_t iban_length(const char *country)
{
    static const char table[] = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20"
                                "EG29ES24FI18FO18FR27GB22GE22"
                                "GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20"
                                "LV21LY25MC27MD24ME22MK19MR27"
                                "MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28"
                                "TL23TN24TR26UA29VA22VG24XK20";

    for (const char *p = table; *p; p += 4)
        if (p[0] == country[0] && p[1] == country[1]) return (size_t)(p[2] - '0') * 10 + (size_t)(p[3] - '0');
    return 0;
}

static enum verdict iban(const char *s, size_t n)
{
    struct symbols t;
    unsigned rest = 0;

    if (!symbols_read(s, n, &t) || t.n < 5 || !is_letter(t.s[0]) || !is_letter(t.s[1])) return VERDICT_NO;
    if (!is_digit(t.s[2]) || !is_digit(t.s[3]) || iban_length(t.s) != t.n) return VERDICT_NO;
    for (size_t i = 0; i < t.n; i++) {
        char c = t.s[(i + 4) % t.n];

        rest = is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
                           : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return yes_if(rest == 1);
}

/* Not one byte six times, as 00:00:00:00:00:00. */
static enum verdict mac_address(const char *s, size_t n)
{
    struct symbols t;

    if (!symbols_read(s, n, &t) || t.n != 12) return VERDICT_NO;
    for (size_t i = 2; i < t.n; i += 2)
        if (memcmp(t.s, t.s + i, 2) != 0) return VERDICT_UNKNOWN;
    return VERDICT_NO;
}

/* RFC 4291 section 2.2, by the C library's parser; a scope and a prefix length may follow. The unspecified address
 * alone is left to a row with a low score. */
static enum verdict ipv6(const char *s, size_t n)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;
    size_t len = 0;

    while (len < n && s[len] != '%' && s[len] != '/')
        len++;
    if (len < 3 || len >= sizeof(text)) return VERDICT_NO;
    memcpy(text, s, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 ? VERDICT_UNKNOWN : VERDICT_NO;
}

static bool strstr_n(const char *s, size_t n, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(s + i, part, len) == 0) return true;
    return false;
}

/* ISO 9362: the fifth and sixth letter are a country (ISO 3166-1, and XK). Words in capitals have them by chance, so this
 * never says yes. */
static enum verdict bic(const char *s, size_t n)
{
    static const char countries[] =
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC "
        "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD "
        "GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH "
        "KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW "
        "MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC "
        "SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY "
        "UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";
    struct symbols t;

    if (!symbols_read(s, n, &t) || (t.n != 8 && t.n != 11)) return VERDICT_NO;
    for (const char *p = countries; *p; p += 3)
        if (memcmp(p, t.s + 4, 2) == 0) return VERDICT_UNKNOWN;
    return VERDICT_NO;
}

/* The numbers of a pair of coordinates, in degrees: at most 90 and 180. Minutes and seconds are below 60. */
static enum verdict gps(const char *s, size_t n)
{
    double value[6] = {0};
    size_t count = 0;
    bool minutes = memchr(s, '\'', n) != NULL || strstr_n(s, n, "′");

    for (size_t i = 0; i < n && count < 6; i++) {
        double scale = 0;

        if (!is_digit(s[i])) continue;
        for (; i < n && (is_digit(s[i]) || (s[i] == '.' && scale == 0)); i++) {
            if (s[i] == '.') {
                scale = 1;
                continue;
            }
            value[count] = value[count] * 10 + (s[i] - '0');
            scale *= 10;
        }
        if (scale > 0) value[count] /= scale;
        count++;
    }
    if (!minutes) return count == 2 && value[0] <= 90 && value[1] <= 180 ? VERDICT_UNKNOWN : VERDICT_NO;
    for (size_t i = 0; i < count; i++)
        if (value[i] > (i == 0 ? 90 : i == count / 2 ? 180 : 60)) return VERDICT_NO;
    return count == 4 || count == 6 ? VERDICT_UNKNOWN : VERDICT_NO;
}

/* A secret and not a word: digits and letters, and at least three bits a character (Shannon 1948). */
static enum verdict entropy(const char *s, size_t n)
{
    size_t counts[256] = {0}, digits = 0, letters = 0;
    double bits = 0;

    for (size_t i = 0; i < n; i++) {
        counts[(unsigned char)s[i]]++;
        digits += is_digit(s[i]);
        letters += (s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z';
    }
    if (n < 16 || digits == 0 || letters == 0) return VERDICT_NO;
    for (size_t i = 0; i < 256; i++)
        if (counts[i]) bits -= (double)counts[i] * log2((double)counts[i] / (double)n);
    return yes_if(bits / (double)n >= 3.0);
}

/* E.164: at most fifteen digits; fewer than nine with an area code are more often dates and order numbers. */
static enum verdict phone(const char *s, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += is_digit(s[i]);
    return count >= 9 && count <= 15 ? VERDICT_UNKNOWN : VERDICT_NO;
}

/* Bitcoin: base58check (versions 0 and 5), and bech32/bech32m (BIP 173, BIP 350). */
static bool base58check_ok(const char *s, size_t n)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t bytes[25] = {0}, hash[SHA256_SIZE];

    for (size_t i = 0; i < n; i++) {
        const char *p = memchr(alphabet, s[i], sizeof(alphabet) - 1);
        unsigned carry;

        if (!p) return false;
        carry = (unsigned)(p - alphabet);
        for (size_t k = sizeof(bytes); k-- > 0;) {
            carry += 58u * bytes[k];
            bytes[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry) return false;
    }
    sha256(bytes, 21, hash);
    sha256(hash, sizeof(hash), hash);
    return memcmp(bytes + 21, hash, 4) == 0;
}

static bool bech32_ok(const char *s, size_t n)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    static const uint8_t prefix[5] = {3, 3, 0, 2, 3}; /* "bc" expanded */
    uint32_t check = 1;

    for (size_t i = 0; i < sizeof(prefix) + n - 3; i++) {
        const char *p;
        uint32_t top = check >> 25, v;

        if (i < sizeof(prefix)) {
            v = prefix[i];
        } else {
            char c = s[i - sizeof(prefix) + 3];

            if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
            p = memchr(alphabet, c, sizeof(alphabet) - 1);
            if (!p) return false;
            v = (uint32_t)(p - alphabet);
        }
        check = (check & 0x1ffffff) << 5 ^ v;
        for (int k = 0; k < 5; k++)
            if (top >> k & 1) check ^= generator[k];
    }
    return check == 1 || check == 0x2bc830a3;
}

static enum verdict bitcoin(const char *s, size_t n)
{
    if (n > 90 || n < 14) return VERDICT_NO;
    if ((s[0] == 'b' || s[0] == 'B') && s[2] == '1') return yes_if(bech32_ok(s, n));
    return yes_if(base58check_ok(s, n));
}

/* ---- Germany --------------------------------------------------------------------------------------------------- */

/* Tax id (AO section 139b): 11 digits, no leading 0, no digit more than three times in the first ten. */
static enum verdict de_tax_id(const char *s, size_t n)
{
    int d[MAX_SYMBOLS], seen[10] = {0};

    if (!digits_read(s, n, 11, d, NULL) || d[0] == 0) return VERDICT_NO;
    for (size_t i = 0; i < 10; i++)
        if (++seen[d[i]] > 3) return VERDICT_NO;
    return yes_if(mod11_10(d, 10) == d[10]);
}

static enum verdict de_vat_id(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    struct symbols t;

    if (!symbols_read(s, n, &t) || t.n != 11 || memcmp(t.s, "DE", 2) != 0) return VERDICT_NO;
    if (!digits_read(t.s + 2, 9, 9, d, NULL)) return VERDICT_NO;
    return mod11_10(d, 8) == d[8] ? VERDICT_YES : VERDICT_UNKNOWN;
}

/* Letter as two digits (A 01 .. Z 26), products' cross sums: the rules of the pension and health insurers. */
static int insurer_sum(const char *s, size_t n, const int *weights)
{
    int sum = 0, v[MAX_SYMBOLS];
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_letter(s[i])) {
            v[k++] = (s[i] - 'A' + 1) / 10;
            v[k++] = (s[i] - 'A' + 1) % 10;
        } else {
            v[k++] = s[i] - '0';
        }
    }
    for (size_t i = 0; i < k; i++)
        sum += cross_sum(v[i] * weights[i]);
    return sum % 10;
}

/* Health insurance number (KVNR, SGB V section 290): letter, eight digits, check digit. */
static enum verdict de_health_insurance(const char *s, size_t n)
{
    static const int weights[10] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    struct symbols t;
    int d[MAX_SYMBOLS];

    if (!symbols_read(s, n, &t) || t.n != 10 || !is_letter(t.s[0])) return VERDICT_NO;
    if (!digits_read(t.s + 1, 9, 9, d, NULL)) return VERDICT_NO;
    return yes_if(insurer_sum(t.s, 9, weights) == d[8]);
}

/* Pension insurance number (VKVV section 2, 4): area, DDMMYY (day + 50 for a second series), letter, serial, check. */
static enum verdict de_social_security(const char *s, size_t n)
{
    static const int weights[12] = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    struct symbols t;
    int d[MAX_SYMBOLS], tail[MAX_SYMBOLS], day, month;

    if (!symbols_read(s, n, &t) || t.n != 12 || !is_letter(t.s[8])) return VERDICT_NO;
    if (!digits_read(t.s, 8, 8, d, NULL) || !digits_read(t.s + 9, 3, 3, tail, NULL)) return VERDICT_NO;
    day = d[2] * 10 + d[3];
    month = d[4] * 10 + d[5];
    if (day > 50) day -= 50;
    if (day < 1 || day > 31 || month < 1 || month > 12) return VERDICT_NO;
    return yes_if(insurer_sum(t.s, 11, weights) == tail[2]);
}

/* Physician number (LANR): six digits, check digit by weights 4 and 9, two digits of speciality. */
static enum verdict de_lanr(const char *s, size_t n)
{
    static const int weights[6] = {4, 9, 4, 9, 4, 9};
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 9, d, NULL)) return VERDICT_NO;
    return yes_if((10 - weighted(d, weights, 6) % 10) % 10 == d[6]);
}

static enum verdict de_bsnr(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    return digits_read(s, n, 9, d, NULL) && !all_same(d, 9) ? VERDICT_UNKNOWN : VERDICT_NO;
}

/* ICAO 9303 part 3, 4.9: weights 7, 3, 1 over digits and letters (A is 10). */
static bool icao_ok(const char *s, size_t n)
{
    static const int weights[3] = {7, 3, 1};
    int sum = 0;

    if (n < 2 || !is_digit(s[n - 1])) return false;
    for (size_t i = 0; i + 1 < n; i++)
        sum += (is_digit(s[i]) ? s[i] - '0' : s[i] - 'A' + 10) * weights[i % 3];
    return sum % 10 == s[n - 1] - '0';
}

/* Serial numbers use no vowels and none of B D Q S (PAuswV, PassV). */
static bool german_serial(const struct symbols *t)
{
    return t->n == 9 && is_letter(t->s[0]) && strspn(t->s, "CFGHJKLMNPRTVWXYZ0123456789") == t->n;
}

static enum verdict de_id_card(const char *s, size_t n)
{
    struct symbols t;

    if (!symbols_read(s, n, &t) || !german_serial(&t)) return VERDICT_NO;
    if (t.s[0] == 'T' && strspn(t.s + 1, "0123456789") == 8)
        return VERDICT_UNKNOWN; /* before 2010: no check digit */
    return yes_if(icao_ok(t.s, t.n));
}

static enum verdict de_passport(const char *s, size_t n)
{
    struct symbols t;

    return yes_if(symbols_read(s, n, &t) && german_serial(&t) && icao_ok(t.s, t.n));
}

/* ---- rest of Europe -------------------------------------------------------------------------------------------- */

/* DNI and NIE (Spain): the number mod 23 gives the letter; X, Y, Z stand for 0, 1, 2. */
static enum verdict es_nif(const char *s, size_t n)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    struct symbols t;
    unsigned value = 0;

    if (!symbols_read(s, n, &t) || t.n < 8 || t.n > 9 || !is_letter(t.s[t.n - 1])) return VERDICT_NO;
    if (t.s[0] >= 'X' && t.s[0] <= 'Z') t.s[0] = (char)(t.s[0] - 'X' + '0');
    for (size_t i = 0; i + 1 < t.n; i++) {
        if (!is_digit(t.s[i])) return VERDICT_NO;
        value = value * 10 + (unsigned)(t.s[i] - '0');
    }
    return yes_if(letters[value % 23] == t.s[t.n - 1]);
}

/* Henkilötunnus (Finland): DDMMYY, century sign, three digits, check character of the nine digits mod 31. */
static enum verdict fi_personal_identity_code(const char *s, size_t n)
{
    static const char letters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    struct symbols t;
    int d[MAX_SYMBOLS], serial, year;
    unsigned value = 0;
    char sign;

    if (n != 11) return VERDICT_NO;
    sign = s[6];
    if (!digits_read(s, 6, 6, d, NULL) || !digits_read(s + 7, 3, 3, d + 6, NULL)) return VERDICT_NO;
    if (!symbols_read(s + 10, 1, &t) || t.n != 1) return VERDICT_NO;
    year = d[4] * 10 + d[5] + (sign == '+' ? 1800 : strchr("ABCDEFabcdef", sign) ? 2000 : 1900);
    serial = d[6] * 100 + d[7] * 10 + d[8];
    if (serial < 2 || !real_date(year, d[2] * 10 + d[3], d[0] * 10 + d[1])) return VERDICT_NO;
    for (size_t i = 0; i < 9; i++)
        value = value * 10 + (unsigned)d[i];
    return yes_if(letters[value % 31] == t.s[0]);
}

/* A digit, or the letter that stands for it where two people would have the same code. */
static int omocodia(char c)
{
    static const char letters[] = "LMNPQRSTUV";
    const char *p = strchr(letters, c);

    return is_digit(c) ? c - '0' : p && *p ? (int)(p - letters) : 99;
}

static bool is_vowel(char c)
{
    return c && strchr("AEIOU", c) != NULL;
}

/* Three letters of a name: its consonants, then its vowels, then X. */
static bool name_letters(const char *s)
{
    if (is_vowel(s[0])) return (is_vowel(s[1]) && (is_vowel(s[2]) || s[2] == 'X')) || (s[1] == 'X' && s[2] == 'X');
    return !is_vowel(s[1]) || is_vowel(s[2]) || s[2] == 'X';
}

/* Codice fiscale (DM 23/12/1976): odd places by table, even ones by value, sum mod 26 gives the last letter. */
static enum verdict it_fiscal_code(const char *s, size_t n)
{
    static const int odd[26] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    struct symbols t;
    int sum = 0;

    int day;

    if (!symbols_read(s, n, &t) || t.n != 16 || !is_letter(t.s[15])) return VERDICT_NO;
    day = omocodia(t.s[9]) * 10 + omocodia(t.s[10]); /* women's days are 40 more */
    if (day < 1 || day > 71 || (day > 31 && day < 41) || !name_letters(t.s) || !name_letters(t.s + 3)) return VERDICT_NO;
    for (size_t i = 0; i < 15; i++) {
        int v = is_digit(t.s[i]) ? t.s[i] - '0' : t.s[i] - 'A';

        sum += i % 2 ? v : odd[v];
    }
    return t.s[15] == 'A' + sum % 26 ? VERDICT_YES : VERDICT_UNKNOWN;
}

/* Partita IVA: eleven digits, Luhn, not all zero. */
static enum verdict it_vat_code(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    return yes_if(digits_read(s, n, 11, d, NULL) && !all_same(d, 11) && luhn_ok(d, 11));
}

/* PESEL (Poland): date with the century in the month (+80, +20, +40, +60), weights 1 3 7 9. */
static enum verdict pl_pesel(const char *s, size_t n)
{
    static const int weights[10] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
    static const int century[5] = {1900, 2000, 2100, 2200, 1800};
    int d[MAX_SYMBOLS], month;

    if (!digits_read(s, n, 11, d, NULL)) return VERDICT_NO;
    month = d[2] * 10 + d[3];
    if (!real_date(century[month / 20] + d[0] * 10 + d[1], month % 20, d[4] * 10 + d[5])) return VERDICT_NO;
    return yes_if((10 - weighted(d, weights, 10) % 10) % 10 == d[10]);
}

static enum verdict se_organisationsnummer(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    /* the third digit is 2 or more, which no month's is */
    return yes_if(digits_read(s, n, 10, d, NULL) && d[0] > 0 && d[2] >= 2 && luhn_ok(d, 10));
}

/* Personnummer (Sweden): Luhn over the last ten digits; coordination numbers have 60 added to the day. */
static enum verdict se_personnummer(const char *s, size_t n)
{
    int d[MAX_SYMBOLS], *p = d;
    size_t count;

    if (!digits_read(s, n, 0, d, &count) || (count != 10 && count != 12)) return VERDICT_NO;
    if (count == 12) p += 2;
    if (!luhn_ok(p, 10)) return VERDICT_NO;
    if (p[4] >= 6) p[4] -= 6;
    if (count == 10) return yes_if(real_short_date(p));
    return yes_if(real_date((d[0] * 10 + d[1]) * 100 + d[2] * 10 + d[3], p[2] * 10 + p[3], p[4] * 10 + p[5]));
}

static enum verdict uk_nhs(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    return yes_if(digits_read(s, n, 10, d, NULL) && !all_same(d, 10) && mod11_ok(d, 10));
}

/* Kimlik numarası (Turkey): two check digits. */
static enum verdict tr_national_id(const char *s, size_t n)
{
    int d[MAX_SYMBOLS], odd, even, sum = 0;

    if (!digits_read(s, n, 11, d, NULL) || d[0] == 0) return VERDICT_NO;
    odd = d[0] + d[2] + d[4] + d[6] + d[8];
    even = d[1] + d[3] + d[5] + d[7];
    for (size_t i = 0; i < 10; i++)
        sum += d[i];
    return yes_if((odd * 7 - even + 100) % 10 == d[9] && sum % 10 == d[10]);
}

/* Province 01 to 81. */
static enum verdict tr_license_plate(const char *s, size_t n)
{
    int province;

    if (n < 2 || !is_digit(s[0]) || !is_digit(s[1])) return VERDICT_UNKNOWN;
    province = (s[0] - '0') * 10 + s[1] - '0';
    return yes_if(province >= 1 && province <= 81);
}

/* ---- Americas -------------------------------------------------------------------------------------------------- */

/* SSA: no area 000 or 666, no group 00, no serial 0000; numbers that were printed in advertisements; one separator
 * throughout. */
static enum verdict us_ssn(const char *s, size_t n)
{
    static const char *const advertised[] = {"123456789", "987654320", "078051120"};
    struct symbols t;
    int d[MAX_SYMBOLS];
    char separator = 0;

    if (!digits_read(s, n, 9, d, NULL) || !symbols_read(s, n, &t) || all_same(d, 9)) return VERDICT_NO;
    for (size_t i = 0; i < n; i++) {
        if (is_digit(s[i])) continue;
        if (separator && s[i] != separator) return VERDICT_NO;
        separator = s[i];
    }
    if (memcmp(t.s, "000", 3) == 0 || memcmp(t.s, "666", 3) == 0) return VERDICT_NO;
    if (memcmp(t.s + 3, "00", 2) == 0 || memcmp(t.s + 5, "0000", 4) == 0) return VERDICT_NO;
    for (size_t i = 0; i < COUNT_OF(advertised); i++)
        if (strcmp(t.s, advertised[i]) == 0) return VERDICT_NO;
    return VERDICT_UNKNOWN;
}

/* ABA routing number: Federal Reserve prefix 00-12, 21-32, 61-72, 80; weights 3 7 1. */
static enum verdict aba_routing(const char *s, size_t n)
{
    static const int weights[9] = {3, 7, 1, 3, 7, 1, 3, 7, 1};
    int d[MAX_SYMBOLS], district;

    if (!digits_read(s, n, 9, d, NULL) || all_same(d, 9)) return VERDICT_NO;
    district = d[0] * 10 + d[1];
    if (!(district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) ||
          district == 80))
        return VERDICT_NO;
    return yes_if(weighted(d, weights, 9) % 10 == 0);
}

/* National Provider Identifier: Luhn with the prefix 80840. */
static enum verdict us_npi(const char *s, size_t n)
{
    int d[MAX_SYMBOLS] = {8, 0, 8, 4, 0};

    if (!digits_read(s, n, 10, d + 5, NULL) || d[5] < 1 || d[5] > 2 || all_same(d + 5, 9)) return VERDICT_NO;
    return yes_if(luhn_ok(d, 15));
}

/* DEA certificate (21 CFR 1301): odd places plus twice the even ones end in the check digit. */
static enum verdict us_dea(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    if (n != 9 || !digits_read(s + 2, 7, 7, d, NULL)) return VERDICT_NO;
    return yes_if((d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]);
}

/* Social insurance number (Canada): Luhn says no, but a tenth of all numbers pass, so it never says yes. */
static enum verdict ca_sin(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 9, d, NULL) || d[0] == 0 || d[0] == 8 || all_same(d, 9)) return VERDICT_NO;
    return luhn_ok(d, 9) ? VERDICT_UNKNOWN : VERDICT_NO;
}

/* ---- Asia, Africa, Australia ----------------------------------------------------------------------------------- */

static enum verdict au_abn(const char *s, size_t n)
{
    static const int weights[11] = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 11, d, NULL) || d[0] == 0) return VERDICT_NO;
    d[0]--;
    return yes_if(weighted(d, weights, 11) % 89 == 0);
}

static enum verdict au_acn(const char *s, size_t n)
{
    static const int weights[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    int d[MAX_SYMBOLS];

    return yes_if(digits_read(s, n, 9, d, NULL) && (10 - weighted(d, weights, 8) % 10) % 10 == d[8]);
}

static enum verdict au_medicare(const char *s, size_t n)
{
    static const int weights[8] = {1, 3, 7, 9, 1, 3, 7, 9};
    int d[MAX_SYMBOLS];

    return yes_if(digits_read(s, n, 10, d, NULL) && d[0] >= 2 && d[0] <= 6 &&
                  weighted(d, weights, 8) % 10 == d[8]);
}

static enum verdict au_tfn(const char *s, size_t n)
{
    static const int weights[9] = {1, 4, 3, 7, 5, 8, 6, 9, 10};
    int d[MAX_SYMBOLS];

    return yes_if(digits_read(s, n, 9, d, NULL) && !all_same(d, 9) && weighted(d, weights, 9) % 11 == 0);
}

/* Aadhaar (UIDAI): twelve digits, not beginning with 0 or 1, Verhoeff, no palindrome. */
static enum verdict in_aadhaar(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];
    bool palindrome = true;

    if (!digits_read(s, n, 12, d, NULL) || d[0] < 2) return VERDICT_NO;
    for (size_t i = 0; i < 6; i++)
        palindrome &= d[i] == d[11 - i];
    return yes_if(!palindrome && verhoeff_ok(d, 12));
}

/* GSTIN (India): state code 01 to 37, a PAN, entity, Z, check character (not verified: see the vectors). */
static enum verdict in_gstin(const char *s, size_t n)
{
    static const char shape[] = "00AAAAA0000A*Z*"; /* 0 digit, A letter, * either, else itself */
    struct symbols t;
    int state;

    if (!symbols_read(s, n, &t) || t.n != 15) return VERDICT_NO;
    for (size_t i = 0; i < t.n; i++) {
        bool ok = shape[i] == '*' || (shape[i] == '0'   ? is_digit(t.s[i])
                                      : shape[i] == 'A' ? is_letter(t.s[i])
                                                        : t.s[i] == shape[i]);

        if (!ok) return VERDICT_NO;
    }
    state = (t.s[0] - '0') * 10 + t.s[1] - '0';
    return yes_if(state >= 1 && state <= 37);
}

/* Registration marks begin with the state or union territory. */
static enum verdict in_vehicle_registration(const char *s, size_t n)
{
    static const char states[] =
        "AN AP AR AS BH BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB "
        "PY RJ SK TG TN TR TS UK UP WB ";
    struct symbols t;

    if (!symbols_read(s, n, &t) || t.n < 4) return VERDICT_NO;
    for (const char *p = states; *p; p += 3)
        if (memcmp(p, t.s, 2) == 0) return VERDICT_YES;
    return VERDICT_UNKNOWN; /* states split and are renamed */
}

/* Business registration number (Korea). */
static enum verdict kr_brn(const char *s, size_t n)
{
    static const int weights[9] = {1, 3, 7, 1, 3, 7, 1, 3, 5};
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 10, d, NULL)) return VERDICT_NO;
    return yes_if((10 - (weighted(d, weights, 9) + d[8] * 5 / 10) % 10) % 10 == d[9]);
}

static enum verdict kr_driver_license(const char *s, size_t n)
{
    int d[MAX_SYMBOLS], region;

    if (!digits_read(s, n, 12, d, NULL)) return VERDICT_NO;
    region = d[0] * 10 + d[1];
    return yes_if(region >= 11 && region <= 28);
}

/* Resident and foreigner registration numbers (Korea). Numbers since October 2020 have no check digit, so a wrong
 * one says nothing. */
static enum verdict kr_registration(const char *s, size_t n, int first_low, int first_high, int base)
{
    static const int weights[12] = {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 13, d, NULL) || d[6] < first_low || d[6] > first_high) return VERDICT_NO;
    if (!real_short_date(d)) return VERDICT_NO;
    return (base - weighted(d, weights, 12) % 11) % 10 == d[12] ? VERDICT_YES : VERDICT_UNKNOWN;
}

static enum verdict kr_rrn(const char *s, size_t n)
{
    return kr_registration(s, n, 1, 4, 11);
}

static enum verdict kr_frn(const char *s, size_t n)
{
    return kr_registration(s, n, 5, 8, 13);
}

/* Taxpayer number (Philippines): weights 9 to 2, the remainder of 11 is the ninth digit; the branch behind it is free. */
static enum verdict ph_tin(const char *s, size_t n)
{
    int d[MAX_SYMBOLS], sum = 0;
    size_t count;

    if (!digits_read(s, n, 0, d, &count) || count < 9 || count > 14) return VERDICT_NO;
    for (size_t i = 0; i < 8; i++)
        sum += d[i] * (int)(9 - i);
    return sum % 11 == d[8] ? VERDICT_UNKNOWN : VERDICT_NO;
}

/* Unique entity number (Singapore), three shapes with a check letter each (ACRA). */
static enum verdict sg_uen(const char *s, size_t n)
{
    static const int business[8] = {10, 4, 9, 3, 8, 2, 7, 1};
    static const int company[9] = {10, 8, 6, 4, 9, 7, 5, 3, 1};
    static const int other[9] = {4, 3, 5, 3, 10, 2, 2, 5, 7};
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    struct symbols t;
    int d[MAX_SYMBOLS];

    if (!symbols_read(s, n, &t) || (t.n != 9 && t.n != 10)) return VERDICT_NO;
    if (t.n == 9) {
        if (!digits_read(t.s, 8, 8, d, NULL)) return VERDICT_NO;
        return yes_if("XMKECAWLJDB"[weighted(d, business, 8) % 11] == t.s[8]);
    }
    if (digits_read(t.s, 9, 9, d, NULL)) return yes_if("ZKCMDNERGWH"[weighted(d, company, 9) % 11] == t.s[9]);
    for (size_t i = 0; i < 9; i++) {
        const char *p = memchr(alphabet, t.s[i], sizeof(alphabet) - 1);

        if (!p) return VERDICT_NO;
        d[i] = (int)(p - alphabet);
    }
    return yes_if(alphabet[(weighted(d, other, 9) - 5 + 11) % 11] == t.s[9]);
}

/* Thai identity number: kind 1-8, province code (ISO 3166-2:TH), weights 13 .. 2. */
static enum verdict th_tnin(const char *s, size_t n)
{
    static const int weights[12] = {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    static const int last[10] = {0, 7, 7, 9, 9,
                                 8, 7, 7, 6, 6}; /* highest second digit of each region; 0: none */
    int d[MAX_SYMBOLS];

    bool grouped = n == 17 && strchr("- ", s[1]) && strchr("- ", s[6]) && strchr("- ", s[12]) && strchr("- ", s[15]);

    if (!digits_read(s, n, 13, d, NULL) || (n != 13 && !grouped) || d[0] == 0 || d[0] == 9) return VERDICT_NO;
    if (d[1] == 0 || d[2] > last[d[1]] || all_same(d, 13)) return VERDICT_NO;
    return yes_if((11 - weighted(d, weights, 12) % 11) % 10 == d[12]);
}

/* Identity number (South Africa): date, serial, citizenship 0-2, Luhn. */
static enum verdict za_id_number(const char *s, size_t n)
{
    int d[MAX_SYMBOLS];

    if (!digits_read(s, n, 13, d, NULL) || d[10] > 2 || !real_short_date(d)) return VERDICT_NO;
    return yes_if(luhn_ok(d, 13));
}

/* ---- what depends on the day ----------------------------------------------------------------------------------- */

#define OLDEST_YEARS 125

/* A day that somebody alive may be born on: real, not ahead, not too long ago. Day and month in either order, two digits of a
 * year in either century; with the name of a month just the year. */
static enum verdict birth_date(const char *s, size_t n, int32_t today)
{
    int v[3] = {0}, digits[3] = {0}, year = 0, month, day;
    size_t count = 0;

    for (size_t i = 0; i < n && count < 3; i++) {
        if (!is_digit(s[i])) continue;
        for (; i < n && is_digit(s[i]) && digits[count] < 4; i++, digits[count]++)
            v[count] = v[count] * 10 + (s[i] - '0');
        count++;
    }
    date_to_civil(today, &year, &month, &day);
    if (count == 2) return digits[1] == 4 && today && (v[1] > year || v[1] < year - OLDEST_YEARS) ? VERDICT_NO : VERDICT_UNKNOWN;
    if (count != 3) return VERDICT_NO;
    for (int way = 0; way < 4; way++) {
        int y = digits[0] == 4 ? v[0] : v[2], m = way & 1 ? v[1] : digits[0] == 4 ? v[2] : v[0];
        int d = way & 1 ? (digits[0] == 4 ? v[2] : v[0]) : v[1];

        if (digits[0] != 4 && digits[2] < 4) y += way & 2 ? 1900 : 2000;
        if (!real_date(y, m, d)) continue;
        if (!today || (date_from_civil(y, m, d) <= today && y >= year - OLDEST_YEARS)) return VERDICT_UNKNOWN;
    }
    return VERDICT_NO;
}

/* ---- by name --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    validate_fn *fn;
} table[] = {
    {"luhn", luhn},
    {"mod11", mod11},
    {"iso7064_mod11_10", iso7064_mod11_10},
    {"verhoeff", verhoeff},
    {"credit_card", credit_card},
    {"iban", iban},
    {"mac_address", mac_address},
    {"ipv6", ipv6},
    {"phone", phone},
    {"bic", bic},
    {"gps", gps},
    {"entropy", entropy},
    {"bitcoin", bitcoin},
    {"de_tax_id", de_tax_id},
    {"de_vat_id", de_vat_id},
    {"de_health_insurance", de_health_insurance},
    {"de_social_security", de_social_security},
    {"de_lanr", de_lanr},
    {"de_bsnr", de_bsnr},
    {"de_id_card", de_id_card},
    {"de_passport", de_passport},
    {"es_nif", es_nif},
    {"fi_personal_identity_code", fi_personal_identity_code},
    {"it_fiscal_code", it_fiscal_code},
    {"it_vat_code", it_vat_code},
    {"pl_pesel", pl_pesel},
    {"se_organisationsnummer", se_organisationsnummer},
    {"se_personnummer", se_personnummer},
    {"uk_nhs", uk_nhs},
    {"tr_national_id", tr_national_id},
    {"tr_license_plate", tr_license_plate},
    {"us_ssn", us_ssn},
    {"aba_routing", aba_routing},
    {"us_npi", us_npi},
    {"us_dea", us_dea},
    {"ca_sin", ca_sin},
    {"au_abn", au_abn},
    {"au_acn", au_acn},
    {"au_medicare", au_medicare},
    {"au_tfn", au_tfn},
    {"in_aadhaar", in_aadhaar},
    {"in_gstin", in_gstin},
    {"in_vehicle_registration", in_vehicle_registration},
    {"kr_brn", kr_brn},
    {"kr_driver_license", kr_driver_license},
    {"kr_rrn", kr_rrn},
    {"kr_frn", kr_frn},
    {"ph_tin", ph_tin},
    {"sg_uen", sg_uen},
    {"th_tnin", th_tnin},
    {"za_id_number", za_id_number},
};

static const struct {
    const char *name;
    validate_dated_fn *fn;
} dated[] = {
    {"birth_date", birth_date},
};

validate_dated_fn *validate_find_dated(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(dated); i++)
        if (strcmp(dated[i].name, name) == 0) return dated[i].fn;
    return NULL;
}

validate_ahead_fn *validate_find_ahead(const char *name)
{
    return strcmp(name, "credit_card") == 0 ? credit_card_ahead : NULL;
}

validate_fn *validate_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0) return table[i].fn;
    return NULL;
}

const char *validate_name(size_t i)
{
    if (i < COUNT_OF(table)) return table[i].name;
    return i - COUNT_OF(table) < COUNT_OF(dated) ? dated[i - COUNT_OF(table)].name : NULL;
}

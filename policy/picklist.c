/* picklist.c: stages, statuses, types, sources and priorities as Salesforce, HubSpot and Dynamics have them by default, in
 * German. Values of a company's own stay as they are. */
#include <stddef.h>

#include "../base/str.h"
#include "sheet.h"

/* clang-format off: sorted by topic */
static const struct { const char *value, *german; } words[] = {
    /* stages */
    {"Prospecting", "Akquise"}, {"Qualification", "Qualifizierung"}, {"Qualify", "Qualifizierung"}, {"Needs Analysis", "Bedarfsanalyse"},
    {"Value Proposition", "Nutzenargumentation"}, {"Id. Decision Makers", "Ermittlung der Entscheider"}, {"Perception Analysis", "Wahrnehmungsanalyse"},
    {"Proposal", "Angebot"}, {"Proposal/Price Quote", "Angebot"}, {"Propose", "Angebot"}, {"Develop", "Ausarbeitung"}, {"Negotiation", "Verhandlung"},
    {"Negotiation/Review", "Verhandlung"}, {"Appointment Scheduled", "Termin vereinbart"}, {"Qualified To Buy", "Kaufbereit"},
    {"Presentation Scheduled", "Vorführung vereinbart"}, {"Decision Maker Bought-In", "Entscheider überzeugt"}, {"Contract Sent", "Vertrag verschickt"},
    {"Discovery", "Bedarfsklärung"}, {"Demo", "Vorführung"}, {"Trial", "Probebetrieb"}, {"Close", "Abschluss"},
    {"Closed Won", "Gewonnen"}, {"Closed Lost", "Verloren"}, {"Won", "Gewonnen"}, {"Lost", "Verloren"},
    /* statuses */
    {"New", "Neu"}, {"Open", "Offen"}, {"Open - Not Contacted", "Offen, noch kein Kontakt"}, {"Working - Contacted", "In Bearbeitung"}, {"Contacted", "Kontaktiert"},
    {"Working", "In Bearbeitung"}, {"In Progress", "In Bearbeitung"}, {"Attempted to Contact", "Kontakt versucht"}, {"Connected", "Kontakt hergestellt"},
    {"Nurturing", "In Pflege"}, {"Qualified", "Qualifiziert"}, {"Unqualified", "Nicht qualifiziert"}, {"Disqualified", "Nicht qualifiziert"},
    {"Converted", "Umgewandelt"}, {"Escalated", "Eskaliert"}, {"On Hold", "Zurückgestellt"}, {"Waiting for Customer", "Wartet auf den Kunden"},
    {"Waiting on Customer", "Wartet auf den Kunden"}, {"Waiting for Details", "Wartet auf Angaben"}, {"Waiting on us", "Wartet auf uns"},
    {"Researching", "In Klärung"}, {"Resolved", "Gelöst"}, {"Closed", "Geschlossen"}, {"Cancelled", "Storniert"}, {"Canceled", "Storniert"}, {"Active", "Aktiv"},
    {"Inactive", "Inaktiv"},
    /* priorities, ratings */
    {"Critical", "Kritisch"}, {"Urgent", "Dringend"}, {"High", "Hoch"}, {"Medium", "Mittel"}, {"Normal", "Normal"}, {"Low", "Niedrig"},
    {"Hot", "Heiß"}, {"Warm", "Warm"}, {"Cold", "Kalt"},
    /* types */
    {"New Business", "Neugeschäft"}, {"New Customer", "Neukunde"}, {"Existing Business", "Bestandsgeschäft"}, {"Expansion", "Erweiterung"},
    {"Existing Customer - Upgrade", "Erweiterung"}, {"Existing Customer - Replacement", "Ersatz"}, {"Renewal", "Verlängerung"}, {"Upsell", "Erweiterung"},
    {"Upgrade", "Erweiterung"}, {"Replacement", "Ersatz"}, {"Cross-sell", "Zusatzverkauf"}, {"Pilot", "Pilot"}, {"Customer", "Kunde"}, {"Former Customer", "Ehemaliger Kunde"},
    {"Prospect", "Interessent"}, {"Partner", "Partner"}, {"Reseller", "Wiederverkäufer"}, {"Vendor", "Lieferant"}, {"Supplier", "Lieferant"},
    {"Competitor", "Wettbewerber"}, {"Analyst", "Analyst"}, {"Investor", "Investor"}, {"Press", "Presse"}, {"Other", "Sonstiges"},
    /* sources */
    {"Web", "Website"}, {"Website", "Website"}, {"Phone", "Telefon"}, {"Phone Inquiry", "Anruf"}, {"Email", "E-Mail"}, {"Referral", "Empfehlung"},
    {"Employee Referral", "Empfehlung eines Mitarbeiters"}, {"Customer Referral", "Empfehlung eines Kunden"}, {"Partner Referral", "Empfehlung eines Partners"},
    {"Trade Show", "Messe"}, {"Trade Fair", "Messe"}, {"Event", "Veranstaltung"}, {"Advertisement", "Anzeige"}, {"Existing Customer", "Bestandskunde"},
    {"Cold Call", "Kaltakquise"}, {"Purchased List", "Gekaufte Liste"}, {"Word of mouth", "Mundpropaganda"}, {"Public Relations", "Öffentlichkeitsarbeit"},
    {"Organic Search", "Suchmaschine"}, {"Paid Search", "Suchmaschinenanzeige"}, {"Social Media", "Soziale Medien"}, {"Outbound", "Eigene Ansprache"},
    {"Inbound", "Anfrage"}, {"Marketing", "Marketing"}, {"Seminar", "Seminar"}, {"Webinar", "Webinar"}, {"Chat", "Chat"},
};
/* clang-format on */

const char *picklist_word(const char *value, const char *language)
{
    for (size_t i = 0; str_eq(language, "de") && i < COUNT_OF(words); i++)
        if (str_eq_nocase(words[i].value, value)) return words[i].german;
    return value;
}

/* sheet_forms.c: the sentences of the fact sheet and of drafts (sheet.h says how they are written). */
#include "sheet.h"

#include "../base/str.h"
#include "answers.h"

#define OPEN SHEET_OPEN
#define DONE SHEET_DONE
#define ANY SHEET_ANY

/* clang-format off */

/* What it is and where it stands. */
const struct sheet_form sheet_state[] = {
    {"opportunity", ANY, {"<{name} is {a_type} opportunity|{name} is an opportunity|This is {a_type} opportunity>< at {account}>< worth {amount}><, from the source {source}><; the contact is {contact}>.",
                          "<{name} ist eine Verkaufschance|Diese Verkaufschance ist>< vom Typ {type}>< bei {account}>< im Wert von {amount}><, Quelle: {source}><; Ansprechpartner: {contact}>."}},
    {"opportunity", OPEN, {"<it has been in stage {stage} for {in_stage}|it is in stage {stage}><, the close date is {close_date} (in {to_close})|, the close date {close_date} passed {overdue} ago|, the close date is {close_date}><, and the competitor is {competitor}>.",
                           "<sie ist seit {in_stage} in der Phase {stage}|sie ist in der Phase {stage}><, der Abschluss ist für {close_date} geplant (in {to_close})|, das Abschlussdatum {close_date} ist seit {overdue} überschritten|, der Abschluss ist für {close_date} geplant><, und Wettbewerber ist {competitor}>."}},
    {"opportunity", DONE, {"<it has been {stage} for {in_stage}|it is {stage}><, the close date was {close_date}><, and the competitor was {competitor}>.",
                           "<sie ist seit {in_stage} abgeschlossen: {stage}|sie ist abgeschlossen: {stage}><, das Abschlussdatum war {close_date}><, und Wettbewerber war {competitor}>."}},
    {"lead", ANY, {"<{person} is {job} at {company}|{person} is {job}|{person} is a lead at {other_company}|{person} is a lead|{company} is a lead><, from the source {source}>.",
                   "<{person} ist {job} bei {company}|{person} ist {job}|{person} ist ein Lead bei {other_company}|{person} ist ein Lead|{company} ist ein Lead><, Quelle: {source}>."}},
    {"lead", ANY, {"<the lead has the status {status} and the rating {rating}|the lead has the status {status}|the lead has the rating {rating}>.",
                   "<der Lead hat den Status {status} und die Einstufung {rating}|der Lead hat den Status {status}|der Lead hat die Einstufung {rating}>."}},
    {"contact", ANY, {"<{person} is {job} at {account}|{person} is {job}|{person} is a contact at {account}|{person} is a contact>.",
                      "<{person} ist {job} bei {account}|{person} ist {job}|{person} ist ein Kontakt bei {account}|{person} ist ein Kontakt>."}},
    {"account", ANY, {"<{name} is {a_type} account|{name} is an account>< in the industry {industry}><, rated {rating}>.",
                      "<{name} ist ein Account>< vom Typ {type}>< aus der Branche {industry}><, Einstufung: {rating}>."}},
    {"case", ANY, {"<the case \"{subject}\"|this case>< of {account}><, reported by {contact},>< has the status {status} and the priority {priority}| has the status {status}| has the priority {priority}>.",
                   "<der Fall \"{subject}\"|dieser Fall>< von {account}><, gemeldet von {contact},>< hat den Status {status} und die Priorität {priority}| hat den Status {status}| hat die Priorität {priority}>."}},
    {"case", OPEN, {"<it has been open for {case_age}>.", "<er ist seit {case_age} offen>."}},
    {NULL, ANY, {"<deals: {deals}>.", "<Verkaufschancen: {deals}>."}},
    {NULL, ANY, {"<on file: {notes}>.", "<im Datensatz steht: {notes}>."}},
};
const size_t sheet_n_state = COUNT_OF(sheet_state);

/* What happened last, what comes next, what is at risk. */
const struct sheet_form sheet_next[] = {
    {NULL, ANY, {"<the last contact was {idle} ago|so far {no_contact} is recorded>.", "<der letzte Kontakt war vor {idle}|bisher ist {no_contact} erfasst>."}},
    {NULL, ANY, {"<next step: {next_step}|{no_step} is recorded>.", "<nächster Schritt: {next_step}|{no_step} ist erfasst>."}},
    {NULL, ANY, {"<open tasks: {tasks}>.", "<offene Aufgaben: {tasks}>."}},
    {NULL, ANY, {"<risk: {risks}>.", "<Risiko: {risks}>."}},
    {NULL, ANY, {"<please note: {no_mail}>.", "<bitte beachten: {no_mail}>."}},
};
const size_t sheet_n_next = COUNT_OF(sheet_next);

/* ---- drafts ------------------------------------------------------------------------------------------------------ */

/* By what the last contact was: kind-direction. */
const struct sheet_draft sheet_contact[] = {
    {"email-in", NULL, ANY, "warm", {"many thanks for your e-mail of {date}.", "herzlichen Dank für {Ihre|deine} E-Mail vom {date}."}},
    {"email-in", NULL, ANY, NULL, {"thank you for your e-mail of {date}.", "vielen Dank für {Ihre|deine} E-Mail vom {date}."}},
    {"message-in", NULL, ANY, NULL, {"thank you for your message of {date}.", "vielen Dank für {Ihre|deine} Nachricht vom {date}."}},
    {"call-in", NULL, ANY, "warm", {"it was good to hear from you on {date}.", "es war schön, am {date} von {Ihnen|dir} zu hören."}},
    {"call-in", NULL, ANY, NULL, {"thank you for your call on {date}.", "vielen Dank für {Ihren|deinen} Anruf am {date}."}},
    {"call-missed", NULL, ANY, NULL, {"I tried to reach you by phone on {date}.", "ich habe am {date} versucht, {Sie|dich} telefonisch zu erreichen."}},
    {"call-out", NULL, ANY, "warm", {"it was good to talk to you on {date}.", "es war schön, am {date} mit {Ihnen|dir} zu sprechen."}},
    {"call-out", NULL, ANY, NULL, {"thank you for taking my call on {date}.", "vielen Dank für das Telefonat am {date}."}},
    {"meeting", NULL, ANY, "warm", {"it was good to meet you on {date}.", "es war schön, {Sie|dich} am {date} zu treffen."}},
    {"meeting", NULL, ANY, NULL, {"thank you for the meeting on {date}.", "vielen Dank für das Treffen am {date}."}},
    {"email-out", NULL, ANY, NULL, {"I wrote to you on {date}.", "ich hatte {Ihnen|dir} am {date} geschrieben."}},
};
const size_t sheet_n_contact = COUNT_OF(sheet_contact);

/* Why this mail is written, by intent. */
const struct sheet_draft sheet_purpose[] = {
    {"follow-up", "case", DONE, NULL, {"<I would like to check back on your case \"{subject}\"|I would like to check back on your case>.",
                                       "<ich möchte noch einmal zu {Ihrem|deinem} Fall \"{subject}\" nachfragen|ich möchte noch einmal zu {Ihrem|deinem} Fall nachfragen>."}},
    {"follow-up", "case", ANY, NULL, {"<I am writing about your case \"{subject}\"|I am writing about your case>.", "<ich melde mich zu {Ihrem|deinem} Fall \"{subject}\"|ich melde mich zu {Ihrem|deinem} Fall>."}},
    {"follow-up", "opportunity", DONE, NULL, {"<I would like to come back to \"{name}\" once more|I would like to come back to our last project>.",
                                              "<ich möchte noch einmal auf \"{name}\" zurückkommen|ich möchte noch einmal auf unser letztes Vorhaben zurückkommen>."}},
    {"follow-up", NULL, ANY, "brief", {"<I am writing about \"{name}\"|I would like to follow up>.", "<es geht um \"{name}\"|ich möchte kurz nachfassen>."}},
    {"follow-up", NULL, ANY, NULL, {"<I would like to follow up on \"{name}\"|I would like to follow up on our {talk}|I am getting back to you on your {mailed}|I would like to get in touch with you>.",
                                    "<ich möchte bei \"{name}\" nachfassen|ich möchte an unser {talk} anknüpfen|ich komme auf {Ihre|deine} {mailed} zurück|ich möchte mit {Ihnen|dir} in Kontakt kommen>."}},
    {"introduction", NULL, ANY, NULL, {"<I would like to introduce myself as your contact for \"{name}\"|I would like to introduce myself as your contact>.",
                                       "<ich möchte mich als {Ihr|dein} Ansprechpartner für \"{name}\" vorstellen|ich möchte mich als {Ihr|dein} Ansprechpartner vorstellen>."}},
    {"meeting", NULL, ANY, NULL, {"<I would like to arrange a meeting about \"{name}\"|I would like to arrange a meeting>.",
                                  "<ich möchte gern einen Termin zu \"{name}\" vereinbaren|ich möchte gern einen Termin vereinbaren>."}},
    {"proposal", NULL, ANY, NULL, {"<I would like to come back to our proposal for \"{name}\"|I would like to come back to our proposal>.",
                                   "<ich möchte an unser Angebot zu \"{name}\" erinnern|ich möchte an unser Angebot erinnern>."}},
    {"renewal", NULL, ANY, NULL, {"<the renewal of \"{name}\" is due on {close_date}|the renewal of \"{name}\" is coming up|your renewal is coming up>.",
                                  "<die Verlängerung von \"{name}\" steht am {close_date} an|die Verlängerung von \"{name}\" steht an|{Ihre|deine} Verlängerung steht an>."}},
    {"thank-you", NULL, ANY, NULL, {"<thank you for the good cooperation on \"{name}\"|thank you for the good cooperation>.",
                                    "<vielen Dank für die gute Zusammenarbeit bei \"{name}\"|vielen Dank für die gute Zusammenarbeit>."}},
    {"re-engagement", NULL, ANY, NULL, {"<we have not spoken for {idle}, and I would like to pick up \"{name}\" again|I would like to pick up \"{name}\" again|we have not spoken for {idle}, and I would like to get back in touch|I would like to get back in touch>.",
                                        "<unser letzter Kontakt war vor {idle}, und ich möchte \"{name}\" gern wieder aufgreifen|ich möchte \"{name}\" gern wieder aufgreifen|unser letzter Kontakt war vor {idle}, und ich möchte gern wieder an ihn anknüpfen|ich möchte gern wieder an unseren Kontakt anknüpfen>."}},
    {"case-update", "case", DONE, NULL, {"<your case \"{subject}\" is now {status}|your case is now closed>.", "<{Ihr|dein} Fall \"{subject}\" hat jetzt den Status {status}|{Ihr|dein} Fall ist jetzt abgeschlossen>."}},
    {"case-update", "case", ANY, NULL, {"<your case \"{subject}\" has the status {status}, and we are working on it|we are working on your case>.",
                                        "<{Ihr|dein} Fall \"{subject}\" hat den Status {status}, und wir arbeiten daran|wir arbeiten an {Ihrem|deinem} Fall>."}},
    {"case-update", NULL, ANY, NULL, {"<here is where \"{name}\" stands: stage {stage}|I would like to tell you where things stand>.",
                                      "<zum Stand von \"{name}\": Phase {stage}|ich möchte {Sie|dich} über den Stand informieren>."}},
    {"reply", NULL, ANY, NULL, {"<I am getting back to you on your {mailed}|I am getting back to you on our {talk}|I am getting back to you>.",
                                "<ich komme auf {Ihre|deine} {mailed} zurück|ich komme auf unser {talk} zurück|ich melde mich bei {Ihnen|dir}>."}},
    {"apology", NULL, ANY, NULL, {"<I am sorry for the trouble with \"{subject}\"|I am sorry for the trouble with \"{name}\"|I am sorry for the trouble that you had>.",
                                  "<es tut mir leid, dass {Sie|du} mit \"{subject}\" Ärger {hatten|hattest}|es tut mir leid, dass {Sie|du} bei \"{name}\" Ärger {hatten|hattest}|es tut mir leid, dass {Sie|du} Ärger {hatten|hattest}>."}},
};
const size_t sheet_n_purpose = COUNT_OF(sheet_purpose);

/* The one request, by intent. */
const struct sheet_draft sheet_request[] = {
    {"questions", NULL, ANY, "brief", {"by when do you need this?", "bis wann {brauchen Sie|brauchst du} das?"}},
    {"questions", NULL, ANY, NULL, {"could you tell me by when you need this?", "{könnten Sie|könntest du} mir sagen, bis wann {Sie|du} das {brauchen|brauchst}?"}},
    {"reply", NULL, ANY, NULL, {"is there anything else that you need from me?", "{brauchen Sie|brauchst du} sonst noch etwas von mir?"}},
    {"follow-up", "case", DONE, NULL, {"is everything working for you now?", "funktioniert inzwischen alles bei {Ihnen|dir}?"}},
    {"follow-up", "case", ANY, NULL, {"could you tell me whether the problem still occurs on your side?", "{können Sie|kannst du} mir sagen, ob das Problem bei {Ihnen|dir} noch auftritt?"}},
    {"follow-up", "opportunity", DONE, NULL, {"may I get in touch with you again when the topic comes up?", "darf ich mich wieder melden, wenn das Thema ansteht?"}},
    {"follow-up", NULL, ANY, "brief", {"how would you like to proceed?", "wie {möchten Sie|möchtest du} weiter vorgehen?"}},
    {"follow-up", NULL, ANY, "warm", {"I look forward to hearing how you would like to proceed.", "ich freue mich, wenn {Sie|du} mir {sagen|sagst}, wie es weitergehen soll."}},
    {"follow-up", NULL, ANY, NULL, {"could you let me know how you would like to proceed?", "{könnten Sie|könntest du} mir sagen, wie {Sie|du} weiter vorgehen {möchten|möchtest}?"}},
    {"follow-up", NULL, ANY, NULL, {"could you tell me where things stand on your side?", "{könnten Sie|könntest du} mir sagen, wie der Stand auf {Ihrer|deiner} Seite ist?"}},
    {"introduction", NULL, ANY, NULL, {"when would a short call suit you?", "wann passt {Ihnen|dir} ein kurzes Telefonat?"}},
    {"meeting", NULL, ANY, NULL, {"which day would suit you?", "welcher Tag passt {Ihnen|dir}?"}},
    {"proposal", NULL, ANY, NULL, {"do you have any questions about it?", "{haben Sie|hast du} dazu noch Fragen?"}},
    {"renewal", NULL, ANY, NULL, {"shall I prepare the renewal for you?", "soll ich die Verlängerung für {Sie|dich} vorbereiten?"}},
    {"thank-you", NULL, ANY, NULL, {"is there anything else that we can do for you?", "können wir sonst noch etwas für {Sie|dich} tun?"}},
    {"re-engagement", NULL, ANY, NULL, {"is the topic still of interest to you?", "ist das Thema für {Sie|dich} noch interessant?"}},
    {"case-update", NULL, DONE, NULL, {"is everything working for you now?", "funktioniert inzwischen alles bei {Ihnen|dir}?"}},
    {"case-update", NULL, ANY, NULL, {"is there anything that you can add?", "gibt es noch etwas, das {Sie|du} ergänzen {können|kannst}?"}},
    {"apology", NULL, ANY, NULL, {"could you tell me what would help you most now?", "{können Sie|kannst du} mir sagen, was {Ihnen|dir} jetzt am meisten hilft?"}},
};
const size_t sheet_n_request = COUNT_OF(sheet_request);

const struct sheet_draft sheet_subject[] = {
    {"introduction", NULL, ANY, NULL, {"<Your contact for {name}|Your contact at our company>", "<{Ihr|Dein} Ansprechpartner für {name}|{Ihr|Dein} Ansprechpartner bei uns>"}},
    {"meeting", NULL, ANY, NULL, {"<Meeting about {name}|Arranging a meeting>", "<Termin zu {name}|Terminvorschlag>"}},
    {"proposal", NULL, ANY, NULL, {"<Our proposal for {name}|Our proposal>", "<Unser Angebot zu {name}|Unser Angebot>"}},
    {"renewal", NULL, ANY, NULL, {"<Renewal of {name}|Your renewal>", "<Verlängerung von {name}|{Ihre|Deine} Verlängerung>"}},
    {"thank-you", NULL, ANY, NULL, {"<Thank you: {name}|Thank you>", "<Vielen Dank: {name}|Vielen Dank>"}},
    {"re-engagement", NULL, ANY, NULL, {"<Picking up {name} again|Getting back in touch>", "<Noch einmal zu {name}|Wieder im Gespräch>"}},
    {"case-update", NULL, ANY, NULL, {"<Update on {subject}|Update on {name}|Update>", "<Stand zu {subject}|Stand zu {name}|Zum Stand>"}},
    {"apology", NULL, ANY, NULL, {"<About {subject}|About {name}|Our apologies>", "<Zu {subject}|Zu {name}|Wir bitten um Entschuldigung>"}},
    {NULL, NULL, ANY, NULL, {"<{subject}|{name}: next steps|Your {mailed} of {date}|Our {talk} of {date}|Getting in touch>", "<{subject}|{name}: nächste Schritte|{Ihre|Deine} {mailed} vom {date}|Unser {talk} vom {date}|Kontaktaufnahme>"}},
};
const size_t sheet_n_subject = COUNT_OF(sheet_subject);

const char *const sheet_open_question[2][3] = {
    {"I am checking your question and will come back to you on it: \"{text}\"", "your question is noted, and I will answer it separately: \"{text}\"",
     "I will answer this question as soon as I have the information: \"{text}\""},
    {"{Ihre|deine} Frage kläre ich und melde mich dazu: \"{text}\"", "{Ihre|deine} Frage ist notiert, und ich beantworte sie gesondert: \"{text}\"",
     "diese Frage beantworte ich, sobald ich die Information habe: \"{text}\""}};

const char *const sheet_answer[N_ANSWERS][2] = {
    [ANSWER_STATUS] = {"to your question \"{text}\": your case has the status {answer}.", "zu {Ihrer|deiner} Frage \"{text}\": {Ihr|Dein} Fall hat den Status {answer}."},
    [ANSWER_CONTACT] = {"to your question \"{text}\": your contact with us is {answer}.", "zu {Ihrer|deiner} Frage \"{text}\": Zuständig ist bei uns {answer}."},
    [ANSWER_DATE] = {"to your question \"{text}\": {answer_name} is {answer}.", "zu {Ihrer|deiner} Frage \"{text}\": {answer_name} ist am {answer}."},
    [ANSWER_MAIL] = {"to your question \"{text}\": on {answer_day} we wrote to you: \"{answer}\"", "zu {Ihrer|deiner} Frage \"{text}\": Am {answer_day} haben wir {Ihnen|dir} geschrieben: \"{answer}\""},
    [ANSWER_AGREED_DATE] = {"to your question \"{text}\": in our conversation on {answer_day} we agreed on {answer}.", "zu {Ihrer|deiner} Frage \"{text}\": In unserem Gespräch am {answer_day} haben wir den {answer} vereinbart."},
    [ANSWER_AGREED_SUM] = {"to your question \"{text}\": in our conversation on {answer_day} we agreed on {answer}.", "zu {Ihrer|deiner} Frage \"{text}\": In unserem Gespräch am {answer_day} haben wir {answer} vereinbart."},
};

const char *const sheet_you_write[2] = {"You write:", "{Sie schreiben|Du schreibst}:"};

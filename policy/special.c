/* special.c: see special.h. Two sources of finds: terms in tables (special_words.c), which carry the breadth, and the rules
 * below, phrases whose grammar matters. Either counts where a person stands in the sentence or acts in it, or is what the
 * clause speaks of ("the project is ill"), and no business phrase covers it. Persons are told by pronouns, roles,
 * relatives and the gazetteer. */
#include "special.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect.h"
#include "lexicon.h"
#include "name_rules.h"
#include "normalise.h"
#include "special_terms.h"

#define MAX_FOUND  10000
#define MAX_CLAUSE 1000 /* bytes searched on either side of a word: keeps text without any stop linear */

/* ---- words of the categories ------------------------------------------------------------------------------------- */

#define ILLNESS                                                                                                           \
    "(?:(?:breast |lung |skin |prostate |bowel |blood )?cancer|tumou?rs?|leuk(?:a?emia)|migraines?|asthma|arthritis|"      \
    "diabetes|epilepsy|pneumonia|covid|long covid|the flu|hepatitis|dementia|alzheimer'?s?|parkinson'?s?|(?-i:MS|ALS|"     \
    "ADHD|ADD|OCD|PTSD|HIV|AIDS)|autism|anxiety|insomnia|tinnitus|an? eating disorder|anorexia|crohn'?s|lupus|"            \
    "(?:a |his |her )?(?:bad|broken|slipped|torn) (?:back|knee|hip|heart|leg|arm|ankle|wrist|foot|hand|disc|shoulder|"     \
    "collarbone|rib|ligament)|(?:back|heart|knee|kidney|liver|eye|hearing) (?:trouble|problems?|condition|disease|failure|" \
    "pain|replacement|transplant)|heart (?:attack|surgery)|a stroke|(?:a )?burn-?out|(?:panic|anxiety) attacks?|"          \
    "post-?natal depression|depression(?! of)|concussion|hernia|kidney stones?|shingles|a breakdown|"                      \
    "brustkrebs|lungenkrebs|krebs(?:erkrankung|diagnose)?|lungenentzündung|herzinfarkt|schlaganfall|bandscheibenvorfall|"  \
    "depressionen|burn-?out|migräne|multiple sklerose|epilepsie|rheuma|grippe|corona|demenz|angststörung|"                 \
    "(?:un |une |le |la |du )?(?:cancer|tumeur|diabète|dépression|infarctus|avc|grippe|burn-out|migraines?|sclérose en plaques))"
/* Behind an illness: then it is somebody's trade. */
#define NO_TRADE                                                                                                          \
    "(?!-? ?(?:research|drugs?|software|device|market|tests?|portfolio|product|ward|unit|cent(?:re|er)|clinic|screening|"  \
    "app|stud(?:y|ies)|trials?|charity|care|register|data|therap(?:y|ies)|medicines?|monitor|sensor|module|detection|"     \
    "vaccine|forschung|zentrum|register|medikament|mittel|therapie|klinik|station|diagnostik|produkte?)\\b)"
#define NO_CRIME_TRADE                                                                                                    \
    "(?!-? ?(?:detection|prevention|protection|software|policy|training|insurance|clause|law|module|cover|case study|alerts?|" \
    "losses|report|check|schutz|versicherung|prävention))"
#define NATION                                                                                                            \
    "(?-i:Turkish|Kurdish|Arab(?:ic)?|African|Asian|Jewish|Polish|Russian|Syrian|Afghan|Roma|Indian|Pakistani|Chinese|"    \
    "Latino|Latina|Hispanic|Iranian|Iraqi|Israeli|Nigerian|Somali|Moroccan|Algerian|Vietnamese|Korean|Romanian|Serbian|"   \
    "Albanian|Ukrainian|Mexican|Caribbean|Jamaican|Bangladeshi|Filipino|Eritrean|Lebanese|Palestinian|Egyptian)"
#define NATION_DE                                                                                                         \
    "(?:türkisch|kurdisch|arabisch|afrikanisch|asiatisch|jüdisch|polnisch|russisch|syrisch|afghanisch|rumänisch|serbisch|" \
    "albanisch|iranisch|irakisch|indisch|vietnamesisch|marokkanisch|ukrainisch|chinesisch|italienisch|griechisch|"         \
    "kroatisch|bosnisch|nigerianisch|somalisch|tunesisch)e[rnms]?"
#define NATIONAL_DE                                                                                                       \
    "(?-i:Türk(?:e|in)|Kurd(?:e|in)|Syrer(?:in)?|Pol(?:e|in)|Russ(?:e|in)|Afghan(?:e|in)|Iraner(?:in)?|Araber(?:in)?|"     \
    "Rumän(?:e|in)|Serb(?:e|in)|Albaner(?:in)?|Inder(?:in)?|Jud(?:e|in)|Jüdin|Roma|Sinti|Marokkaner(?:in)?|"               \
    "Ukrainer(?:in)?|Vietnames(?:e|in)|Chines(?:e|in)|Nigerianer(?:in)?)"
#define FAITH                                                                                                             \
    "(?:muslim(?:a|in)?|moslem|jewish|jew|catholic|protestant|methodist|presbyterian|anglican|buddhist(?:in)?|hindu|sikh|" \
    "mormon|quaker|atheist(?:in)?|agnostic|baptist(?:in)?|evangelical|born-again|scientologist|"                           \
    "(?-i:Orthodox)|jehovah'?s witness|seventh-day adventist|christian|"                                       \
    "(?-i:Christ(?:in)?)|christlich|muslimisch|jüdisch|katholisch|evangelisch|protestantisch|buddhistisch|russisch-orthodox|griechisch-orthodox|"         \
    "konfessionslos|zeug(?:e|in) jehovas|alevit(?:in)?|"                                                                   \
    "musulmane?|juive?|catholique|protestante?|bouddhiste|hindoue?|athée|croyante?|pieuse|pieux|témoin de jéhovah)"
#define PARTY                                                                                                             \
    "(?-i:Labour|Tor(?:y|ies)|Conservatives?|(?:the )?Conservative [Pp]arty|Lib ?Dems?|Liberal Democrats?|Democrats?|"     \
    "Democratic Party|Republicans?|Republican Party|GOP|Greens|Green Party|UKIP|Reform UK|SNP|Sinn F[eé]in|Trump|Biden|"   \
    "Harris|Brexit|Remain|Leave|CDU|CSU|SPD|AfD|FDP|NPD|BSW|Grünen?|Linken?|Linkspartei|Freien? Wählern?|ÖVP|SPÖ|FPÖ|SVP|" \
    "Rassemblement [Nn]ational|Front [Nn]ational|RN|FN|PS|PCF|LFI|UMP|LR|Verts|Macron|Le Pen|Mélenchon|Zemmour|"           \
    "[Pp]arti (?:socialiste|communiste)|Reconquête|France insoumise)"
#define UNION                                                                                                             \
    "(?-i:Unite|Unison|UNISON|GMB|RMT|Teamsters|UAW|SEIU|AFL-CIO|IG[- ]Metall|IG[- ]BCE|IG[- ]BAU|ver\\.?di|Verdi|DGB|GEW|NGG|CGT|" \
    "CFDT|CFTC|FO|Sud|SUD)"
#define RELATIVE                                                                                                          \
    "(?:wife|husband|mother|father|mum|mom|dad|son|daughter|child|kid|baby|brother|sister|partner|parents?|grandmother|"   \
    "grandfather|fianc[eé]e?|girlfriend|boyfriend|twin|nephew|niece|uncle|aunt|boy|girl)"
#define VERWANDTE                                                                                                         \
    "(?:frau|mann|mutter|vater|sohn|tochter|kind|bruder|schwester|eltern|partner(?:in)?|ehefrau|ehemann|oma|opa|"          \
    "schwiegermutter|schwiegervater|lebensgefährt(?:e|in)|baby|zwillinge)"
#define PARENT_FR "(?:mari|femme|mère|père|fils|fille|frère|sœur|soeur|enfant|épouse|époux|conjointe?|compagne|compagnon|bébé)"
#define CRIME                                                                                                             \
    "(?:(?:tax |wire |bank )?fraud|assault|theft|robbery|murder|embezzlement|tax evasion|bribery|drug (?:dealing|offences|" \
    "possession)|money laundering|perjury|stalking|shoplifting|insider trading|drunk driving|harassment|arson|forgery|"    \
    "(?:steuer)?betrugs?|untreue|steuerhinterziehung|diebstahls?|körperverletzung|insolvenzverschleppung|bestechung|"      \
    "unterschlagung|trunkenheit|drogenbesitz(?:es)?|urkundenfälschung|nötigung|"                                           \
    "escroquerie|fraude fiscale|abus de biens sociaux|violences?|vol|corruption|conduite en état d'ivresse)"
#define POSSESSIVE "(?:his|her|their|my|\\p{L}{2,25}['’]s)"
#define COPULA "(?:['’]s|is|was|isn['’]t|has been|had been|got|became|turned|remains|been|be|being|feels|ist|war|sind|wurde|wird|est|était|a été)"
/* Up to three words between the verb and what somebody is, none that begins something else: "is a very observant". */
#define ADVERBS                                                                                                           \
    "(?:(?!the |our |with |about |of |for |in |to |on |at |der |die |das |den |dem |mit |für |von |im |vom |zum |auf |le |"   \
    "la |les |du |pour |avec |sur |not |nicht |no |kein)[\\p{L}\\d-]{1,14} ){0,3}"

static const struct rule {
    enum special_category category;
    enum special_needs needs;
    const char *pattern;
} rules[] = {
    /* ---- health */
    {SPECIAL_HEALTH, SPECIAL_NOTHING,
     "\\b(?:(?:on|off|long-term) sick(?: leave)?|sick leave(?! (?:module|policy|tracking|software|management|days|feature|"
     "process|rules|data|report|workflow|type))|chemo(?:therapy)?|miscarriage|maternity leave(?! (?:module|policy|cover "
     "policy))|nervous breakdown|hiv[- ]positive|multiple sclerosis|mental (?:illness|breakdown)|suicid(?:e|al)|"
     "antidepressants|gave birth|expecting (?:a baby|twins|(?:her|their) (?:first|second|third))|"
     "alcoholics anonymous|sobriety)\\b"},
    {SPECIAL_HEALTH, SPECIAL_NOTHING,
     "\\b(?:krank(?:geschrieben|meldung|schreibung|gemeldet)|krankenstand|(?:in|aus) (?:der )?(?:reha|kur)|"
     "schwangerschaft|mutterschutz|chemotherapie|fehlgeburt|schwerbehindert(?:e|er|en)?|psychotherapie|"
     "arbeitsunfähig|berufsunfähig|wiedereingliederung|entzugsklinik|selbstmord|suizid)\\b"},
    {SPECIAL_HEALTH, SPECIAL_NOTHING,
     "\\b(?:(?:en )?arrêt (?:de )?(?:maladie|travail)|(?:en )?congé (?:maladie|maternité)|chimiothérapie|fausse couche|"
     "crise cardiaque|mi-temps thérapeutique|en cure de désintoxication)\\b"},
    {SPECIAL_HEALTH, SPECIAL_PERSON,
     "\\b(?:(?:has|had|have|got|gets|with|from|after|for|having|suffers?(?: from)?|suffering from|fighting|battling|beat|of|to|"
     "about|his|her|their|hat|hatte|an|mit|wegen|nach|seine[mnr]?|ihre[mnr]?|a|eu|fait|son|sa|souffre (?:de|d'))[ ]"
     "(?:(?:a|an|his|her|severe|bad|mild|stage \\d|einen?|eine[rm]?|sein|chronic|acute|schwere[rn]?|une?|des) ){0,2}"
     ILLNESS NO_TRADE "|diagnosed with|diagnose[: ]{1,2}" ILLNESS ")"},
    {SPECIAL_HEALTH, SPECIAL_PERSON,
     "\\b(?:(?:in|to|from|out of|into) (?:the )?(?:hospital|intensive care|rehab|therapy)(?! (?:beds?|software|segment|market|"
     "business))|(?:had|having|has|after|for|needs|needed|undergo\\w{0,4}) (?:a |an |his |her |knee |hip |heart |back |eye |brain "
     "|emergency ){0,3}(?:surgery|operation|bypass|transplant|dialysis|miscarriage|amputation)(?! (?:on|of|in) (?:the|our|a) )|"
     "surgery on (?:his|her)|(?:broke|breaks|fractured|tore|injured|hurt|twisted|sprained) (?:his|her|my|an?) (?!quota|numbers|margin|forecast|budget|reputation|business|results)\\p{L}{3,12}|"
     "signed off (?:for|sick|until|by (?:his|her|the) doctor)|recovering from|on (?:medication|antidepressants|crutches|"
     "insulin|the spectrum)|(?:in|uses|needs) (?:a|his|her) wheelchair(?!-)|seeing a (?:therapist|psychiatrist|shrink)|"
     "(?:drinking|drug|drugs|alcohol) problem|off with (?:a |an |his |her )?\\p{L}{3,12}|lost (?:his|her) (?:sight|hearing|"
     "voice|memory))\\b"},
    {SPECIAL_HEALTH, SPECIAL_PERSON,
     "\\b(?:im krankenhaus|ins krankenhaus|in der klinik|(?:kommt|kam|nach der|vor der|hatte eine|wegen der|wegen einer) "
     "op\\b|(?:wurde|wird|worden|ist|war)(?: \\p{L}{2,12}){0,4} operiert|im (?:\\p{L}{4,10} )?monat schwanger|"
     "(?:im|einen|den) rollstuhl|bein gebrochen|arm gebrochen|(?:trockener? |ist )alkoholiker(?:in)?|"
     "(?:hat|hatte|wegen|trotz) (?:\\p{L}{2,12} ){0,2}(?:depressionen?|rückenprobleme|herzprobleme|diabetes|rücken|"
     "angstzustände)|in (?:psychiatrischer|ärztlicher|therapeutischer) behandlung|in (?:einer |der )?(?:therapie|psychiatrie)|"
     "hörgeschädigt|gehörlos|sehbehindert|drogensüchtig|alkoholkrank|(?:an|mit) (?:corona|grippe|krebs) erkrankt)"},
    {SPECIAL_HEALTH, SPECIAL_PERSON,
     "\\b(?:(?:à|de) l['’]hôpital(?! (?:de|du|des) )|hospitalisée?|(?:a été |s['’]est fait |est )opérée?|en fauteuil roulant|"
     "handicapée?|sous antidépresseurs|en dépression(?! depuis (?:le|la) (?:crise|marché)))\\b"},
    {SPECIAL_HEALTH, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS
     "(?:ill(?!-| at ease|-? ?defined)|sick(?! of)|unwell|pregnant(?! with (?:the )?(?:idea|meaning)| pause)|depress(?:ed|ive)|"
     "disabled|blind(?! to| flange)|deaf(?! to)|hard of hearing|diabetic|epileptic|autistic|bipolar|dyslexic|anorexic|suicidal|"
     "an? (?:recovering )?(?:alcoholic|addict|diabetic)|alcoholic|addicted|dying|hospitali[sz]ed|bedridden|infected with|"
     "in recovery|off sick|burn(?:t|ed) out|recovering(?= from| alcoholic| addict)|terminally|in a coma|"
     "krank|erkrankt|unwohl|schwanger(?! mit (?:der )?idee)|depressiv|behindert|blind|taub|süchtig|alkoholabhängig|magersüchtig|"
     "im krankenstand|malade|souffrante?|enceinte(?! de)|enceinte de|déprimée?|diabétique|alcoolique|dépressi(?:f|ve)|sourde?)\\b"},
    {SPECIAL_HEALTH, SPECIAL_SUBJECT,
     "\\b(?:krank|erkrankt|schwanger|malade|depressiv) ?(?=[.,;!?\\n)]|$)"},
    {SPECIAL_HEALTH, SPECIAL_ACTOR,
     "\\b(?:hernia|dialysis|surgery(?! (?:on|to) (?:the|our) (?!\\d))|hearing aids?|wheelchair(?!-)|migraines?|tinnitus|parkinson'?s?|"
     "alzheimer'?s?|chemo|tumou?r|heart attack|pneumonia|the flu|hip replacement|pacemaker|prosthe(?:sis|tic)|on insulin|physio|psychiatric|in a coma|stillborn|"
     "therapist|psychiatrist|doctor'?s appointment|sick note|had a baby|had a fall|had an? (?:accident|stroke|seizure)|"
     "(?-i:ADHD|PTSD|OCD|HIV|MS)|autism|dyslexia|allerg(?:y|ic) to|"
     "(?-i:\\p{L}{3,10}-?OP)|(?:knie|hüft|herz|rücken|augen|schulter)-?(?:operation|leiden|probleme|schmerzen)|tinnitus|herzinfarkt|"
     "schlaganfall|bandscheibe|hörgerät|rollstuhl|herzschrittmacher|migräne|burn-?out|lungenentzündung|brustkrebs|epilepsie|"
     "(?:erwartet|bekommt|kriegt) (?:ein kind|ein baby|nachwuchs|zwillinge)|corona|beim arzt|reha|"
     "s['’]est (?:cassée?|fracturée?|fait opérer|blessée?)|en burn-out|chimio|psychiatrische[rn]?|\\p{L}{0,10}schwangerschaft|sous traitement|infarctus|enceinte|cancer du)\\b" NO_TRADE},
    {SPECIAL_HEALTH, SPECIAL_ACTOR, "\\b(?:" ILLNESS ")\\b" NO_TRADE "(?! (?:in (?:the |der )|of |der ))"},
    {SPECIAL_HEALTH, SPECIAL_NOTHING,
     "\\b(?:\\p{L}{0,12}schwangerschaft|(?:his|her) (?:doctor|gp|oncologist|surgeon|therapist|shrink|psychiatrist|cardiologist|"
     "rehab|illness|diagnosis|pregnancy|due date|miscarriage|medication|blood pressure|health)\\b(?! ?(?:care|check|scores?|systems?|insurance|plan|club|tech|cloud|apps?|department|"
     "clients|customers|segment|data|module|software|tool|report|device|test|product|records?))|health (?:reasons|scare|issues|"
     "problems|condition)(?! (?:of|in) the )|heart scare|(?:in|to|at) (?:a |the )?psychiatric|\\d{1,2} (?:months|weeks) (?:along|pregnant)|"
     "(?:having|trying for|had) (?:a baby|twins)|gesundheitlich\\p{L}{0,3}|(?:auto|verkehrs|arbeits|ski)unfall|(?:beim|zum|vom) arzt|"
     "krankheitsbedingt|krankheitshalber|raisons de santé|(?:problèmes?|soucis) de santé)"},
    {SPECIAL_HEALTH, SPECIAL_ACTOR,
     "\\b(?:(?:an? |his |her )(?:mri|ct scan|biopsy|blood test|colonoscopy|x-ray|check-up at the hospital|operation|endoscopy)|"
     "(?:rücken|kopf|knie|bauch|hüft|schulter)schmerzen|arzttermin|attest|im koma|(?:gestürzt|verletzt|verunglückt)(?=[ .,;!]|$)|"
     "krankheit|unfall|blessée?|accidentée?|maladie)\\b" NO_TRADE},
    {SPECIAL_HEALTH, SPECIAL_SUBJECT, "\\b(?:suffers? from|suffering from|leidet (?:an|unter)|litt (?:an|unter)|souffre d[e'’])"},
    /* ---- family */
    {SPECIAL_FAMILY, SPECIAL_NOTHING,
     "\\b(?:" POSSESSIVE " (?:\\p{L}{2,12} )?" RELATIVE
     "(?:['’]s)? (?:has |just |recently |also |was |is |had |got |is in |was in |very |seriously |suddenly ){0,3}(?:died|dies|"
     "passed away|passed|left (?:him|her|them)|walked out|dying|ill|sick|cancer|hospital|(?:a |an |in a |in an )?(?:bad |car |"
     "serious )?(?:accident|crash)|has cancer|arrested|missing|moved out|cheated)|(?:death|funeral|loss|passing) of "
     POSSESSIVE " " RELATIVE "|(?:death|bereavement|illness|tragedy) in the family|"
     "(?:lost|buried|burying|mourning|grieving for|grieves for) (?:his|her|their|my) (?:\\p{L}{2,12} )?" RELATIVE
     "|custody (?:battle|dispute|case|of (?:his|her|the) (?:\\p{L}{2,9} )?(?:kids|children|girls|boys|son|daughter))|"
     "(?:fighting|fights|fight) for (?:sole )?custody|(?:going through|getting|got|after|in) (?:a |an |his |her |the )?(?:messy "
     "|ugly |nasty )?(?:divorce|separation)(?! of (?:the|our))|condolences|bereaved|compassionate leave|in mourning|"
     "marriage (?:is over|broke|ended|problems|trouble)|domestic (?:violence|abuse))"},
    {SPECIAL_FAMILY, SPECIAL_NOTHING,
     "\\b(?:(?:seine?|ihre?|deren|dessen) " VERWANDTE
     " (?:ist |liegt |hat |wurde )?(?:\\p{L}{2,12} ){0,2}(?:gestorben|verstorben|schwer krank|verunglückt|ihn verlassen|sie "
     "verlassen|im sterben|todkrank|krebs|im krankenhaus)|todesfall|trauerfall|trauert um|in trauer|beileid|beerdigung "
     "(?:seine|ihre)[rs]|sorgerecht(?:sstreit)?|(?:lebt|leben|lebte)(?: \\p{L}{2,12}){0,5} getrennt|(?:in|nach|vor|mitten in|"
     "steckt in) (?:der |einer |seiner |ihrer )?(?:scheidung|ehekrise|trennung von (?:seiner|ihrem))(?! (?:der|des|von) \\p{L})|"
     "rosenkrieg|häusliche gewalt|hat (?:seine|ihren) " VERWANDTE " verloren|verlor (?:seine|ihren) " VERWANDTE ")\\b"},
    {SPECIAL_FAMILY, SPECIAL_NOTHING,
     "\\b(?:décès de (?:sa|son|ses)|(?:sa|son|ses) " PARENT_FR
     " (?:est|vient|a|sont) (?:\\p{L}{2,12} ){0,3}(?:décédée?|morte?|mourir|quittée?|malade)|(?:en (?:instance de |plein )?"
     "divorce|en deuil)|(?:perdu|perdre) (?:sa|son) " PARENT_FR "|garde des enfants|condoléances|enterrement de)\\b"},
    {SPECIAL_FAMILY, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS
     "(?:divorc(?:ed|ing)|getting divorced|separated(?! from the)|widowed|a widow(?:er)?|geschieden|verwitwet|witwer?|divorcée?|"
     "veuve?|veuf|séparée? de (?:sa|son))\\b"},
    {SPECIAL_FAMILY, SPECIAL_NOTHING,
     "\\b(?:(?:his|her|their|my) " RELATIVE "['’]s (?:death|illness|funeral|passing|cancer|accident|operation|surgery|suicide|arrest)|"
     "(?:il|elle) (?:divorce|se sépare)|(?:split|splitting|broke) up with (?:his|her)|(?:sa|son) " PARENT_FR " l['’]a quittée?|vient de divorcer|frisch (?:geschieden|getrennt|verwitwet)|die ehe ist|stillborn|(?:seinen|ihren|seine|ihre) " VERWANDTE " (?:beerdigt|verloren|beigesetzt)|en pleine séparation|(?:his|her|seine?|"
     "ihre?) (?:marriage|ehe) (?:is|was|ist|war|broke|failed|hat|geht|ging)|(?:scheidung|divorce) (?:läuft|is final|came through)|"
     POSSESSIVE " (?:ex-wife|ex-husband|ex)\\b|(?:seine|ihre?) ex-?(?:frau|mann)|alimony|child support|unterhalt (?:zahlen|für die "
     "kinder)|pflegt (?:seine|ihren?|ihre) " VERWANDTE "|caring for (?:his|her) (?:\\p{L}{2,9} )?" RELATIVE ")"},
    /* ---- belief */
    {SPECIAL_BELIEF, SPECIAL_NOTHING,
     "\\b(?:(?:devout|practi[cs]ing|strict|pious|gläubige[rn]?|strenggläubige[rn]?|bekennende[rn]?) " FAITH
     "|converted to (?:islam|christianity|judaism|buddhism|catholicism|hinduism)|zum (?:islam|christentum|judentum|buddhismus) "
     "konvertiert|(?:fasting|fasts|fastet|jeûne)(?: \\p{L}{2,7}){0,2} (?:ramadan|lent)|goes to (?:church|mosque|synagogue|mass|"
     "temple)(?! (?:street|road|lane))|(?:keeps|observes|observing|celebrates|hält|feiert) (?:kosher|halal|shabbat|sabbath|the "
     "sabbath|ramadan|lent|yom kippur|sabbat|schabbat|eid)|parish council|kirchensteuer|kosher meals|halal meals|(?:un|une) (?:catholique|musulmane?|juif|juive|protestante?|athée)\\b(?! (?:de|du) )|"
     "aus der kirche (?:ausgetreten|aus)|geht (?:\\p{L}{2,10} ){0,3}in die (?:kirche|moschee|synagoge)(?! (?:um|für) )|(?:attends|attending) (?:church|mass|mosque|"
     "synagogue|prayers?)|(?:friday|morning) prayers?|freitagsgebet|"
     "va à la (?:messe|mosquée|synagogue))"},
    {SPECIAL_BELIEF, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS "(?:" FAITH "(?! (?:about|in|with|street|school|hospital|charity|bank))|religious(?! "
     "about)|religiös|gläubig|(?:à la )?religieu(?:x|se)|fromm)\\b"},
    {SPECIAL_BELIEF, SPECIAL_PERSON,
     "\\b(?:for religious reasons|aus religiösen gründen|(?:prays|betet) |his faith|her faith|seinem glauben|ihrem glauben|"
     "ramadan|sa foi)\\b"},
    {SPECIAL_BELIEF, SPECIAL_ACTOR,
     "\\b(?:wears? a (?:hijab|headscarf|turban|kippah?|burqa|cross)|trägt (?:ein )?kopftuch|betet|prays|bible (?:study|group)|"
     "(?:koran|quran|qur'an|bibel|torah)|church (?:elder|choir|group|member|warden|service)|(?:evangelischen|katholischen|jüdischen|islamischen|muslimischen) (?:gemeinde|kirche)|ramadan|ramadhan|lent|kirchenchor|"
     "kirchengemeinderat|moscheeverein|freikirche|mosquée|carême|prie à|"
     "(?:is|was|ist|war|est) (?:a |an |ein |un )?(?:rabbi|imam|pastor|priest|vicar|deacon|nun|monk|pfarrer(?:in)?|priester|diakon|"
     "prêtre|pasteur))\\b"},
    /* ---- union */
    {SPECIAL_UNION, SPECIAL_NOTHING,
     "\\b(?:(?:trade|labou?r) unionist|union (?:member(?:ship)?|rep(?:resentative)?s?|steward|official|organi[sz]er|delegate|"
     "activist|man|guy|boss|card)|shop steward|(?:joined|member of|active in|big in|in|part of|runs) (?:a |the |their |his |her )"
     "(?:trade |labou?r )?union(?! (?:nut|joint|fitting|street|square))|" UNION
     "[- ](?:member|rep|steward|official|mitglied|delegate|funktionär(?:in)?|vertrauens(?:mann|frau)|activist|card)|"
     "gewerkschaft(?:er(?:in)?|smitglied|ssekretär(?:in)?|lich (?:aktiv|organisiert))|in (?:der|einer|keiner) gewerkschaft|"
     "gewerkschaftlich|syndiquée?|syndicalistes?|déléguée? syndicale?s?|(?:adhérente?|membre|carte) (?:à|de|au|du) (?:la |un "
     ")?(?:" UNION "|syndicat))\\b"},
    {SPECIAL_UNION, SPECIAL_PERSON,
     "\\b(?:(?:bei|in|at|with|mitglied (?:der|bei)) (?:der |the )?" UNION "(?!\\p{L})|trade union|labou?r union)"},
    {SPECIAL_UNION, SPECIAL_ACTOR,
     "(?:\\b(?-i:Teamsters|Unison|UNISON|GMB|UAW|SEIU|AFL-CIO|ver\\.di|Verdi|IG Metall|IG BCE|IG BAU|DGB|CGT|CFDT|CFTC)\\b|"
     "(?<!credit )(?<!western )(?<!european )(?<!customs )(?<!monetary )(?<!soviet )(?<!student )(?<!rugby )\\bunion(?!\\p{L})(?! "
     "(?:nuts?|joints?|fittings?|jack|street|square|carbide|pacific|bank|investment|station|en |flange|between|set|of the (?:two|"
     "sets)))(?<!raccord union)|\\bgewerkschaft\\b|\\bsyndicat\\b)"},
    /* ---- politics */
    {SPECIAL_POLITICS, SPECIAL_NOTHING,
     "\\b(?:(?:candidate|stood|standing) (?:as (?:a )?candidate )?for (?:the )?" PARTY "|soutient (?:le |la |les )?" PARTY "|(?:vot(?:es?|ed|ing|er)|campaign(?:s|ed|ing)|canvass(?:es|ed)|donat(?:es|ed)|stood|ran|runs|running)(?: for| to)? "
     "(?:the )?" PARTY "\\b|wähl(?:t|te|en)(?: seit \\p{L}{4,8})?(?: immer)? (?:die |den |das )?" PARTY "\\b|" PARTY
     "[- ](?:supporter|flag|hat|sticker|rally|poster|voter|member|activist|donor|councill?or|candidate|fan|mitglied|wähler(?:in)?|anhänger(?:in)?|stadtrat|"
     "politiker(?:in)?|abgeordnete[rn]?|parteibuch)|(?:member|mitglied|membre|adhérente?|militante?|élue?) (?:of |der |bei der |in "
     "der |des |du |de la |au |à |chez )(?:the |les )?" PARTY "|(?:sitzt|kandidiert|ist|war) (?:\\p{L}{2,10} )?(?:für|in|bei) "
     "(?:der|die|den) " PARTY "\\b|parteimitglied|(?:card-carrying|registered|lifelong|staunch|hard(?:core|-line)) " PARTY
     "|(?:left|right)-wing(?:er)?\\b(?! (?:bracket|door|panel))|(?:links|rechts)(?:extrem(?:ist(?:in)?)?|radikal)|"
     "vote(?:nt)? (?:pour )?(?:le |la |les )?" PARTY "|milite (?:chez|au|à|pour|dans) (?:le |la |les )?\\p{L}{2,20})"},
    {SPECIAL_POLITICS, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS
     "(?:socialist|communist|marxist|libertarian|leftist|nationalist|fascist|monarchist|anarchist|left-winger|right-winger|"
     "politically active|sozialist(?:in)?|kommunist(?:in)?|nationalist(?:in)?|politisch (?:aktiv|engagiert)|écologiste|socialiste|"
     "communiste|gaulliste|macroniste|lepéniste|(?-i:Linker|Linke|Grüner|Grüne|Sozi|Nazi))\\b"},
    {SPECIAL_POLITICS, SPECIAL_NOTHING,
     "\\b(?:" PARTY " gewählt|(?:kommunal|lokal|landes)politik(?:er(?:in)?)? (?:aktiv|engagiert)|big " PARTY " (?:man|woman|guy|family)|"
     "(?:political|protest) (?:rally|march)|(?:party|election) campaign(?! (?:module|tool)))\\b"},
    {SPECIAL_POLITICS, SPECIAL_SUBJECT, "(?:\\b|(?=['’]))" COPULA " " ADVERBS "(?-i:an? )?" PARTY "(?! (?:sea|deal|vote|option))\\b"},
    {SPECIAL_POLITICS, SPECIAL_SUBJECT, "\\b(?:is|war|ist|was|est) (?:in|with|for|bei|à|au) (?:the |der |den |la |le )?" PARTY "\\b"},
    {SPECIAL_POLITICS, SPECIAL_ACTOR,
     "\\b(?:(?-i:CDU|CSU|SPD|AfD|FDP|NPD|BSW|FPÖ|ÖVP|SPÖ|UKIP|SNP|GOP|Lib Dems?|Tory|Tories|Rassemblement|LFI|MAGA)\\b|(?:im|in den|"
     "für den) (?:stadtrat|gemeinderat|landtag|kreistag|bundestag|bezirkstag)|(?:is|was) (?:a |an |the )?(?:\\p{L}{3,10} )?"
     "(?:councill?or|mp|senator|congress(?:man|woman))\\b|far[- ](?:right|left)|encartée? (?:au|à|chez)|conseillère? municipale?|"
     "parteibuch|ortsverein|wahlkampf für|political activist|climate activist|querdenker(?:in)?|reichsbürger(?:in)?)"},
    /* ---- origin */
    {SPECIAL_ORIGIN, SPECIAL_NOTHING,
     "\\b(?:of (?-i:\\p{Lu}\\p{L}{3,14}) (?:descent|heritage|ancestry|extraction)|(?-i:\\p{Lu}\\p{L}{3,14}) (?:descent|ancestry)|"
     NATION_DE " (?:wurzeln|abstammung|herkunft|eltern|vorfahren)|(?:aus|in) einer " NATION_DE " familie|migrationshintergrund|"
     "asylum seeker|asylbewerber(?:in)?|ethnic (?:origin|background|minority)|skin colou?r|hautfarbe|person of colou?r|"
     "mixed[- ]race|issue? de l['’]immigration|" NATION " (?:roots|parents|immigrants?|family|refugees?))\\b"},
    {SPECIAL_ORIGIN, SPECIAL_PERSON,
     "\\b(?:of " NATION " (?:origin|background)|d['’]origine (?!contr|constructeur|du |de |france)\\p{L}{4,20}|refugee|"
     "flüchtling|geflüchtet(?:e[rn]?)?|immigrant|einwander(?:er|in)|réfugiée?|immigrée?|undocumented|"
     "(?:gebürtige[rn]?) \\p{Lu}\\p{L}{3,12})\\b"},
    {SPECIAL_ORIGIN, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS "(?:(?:black|white|asian|latin[oa]|hispanic|arab|roma|half-\\p{L}{4,10})(?! (?:"
     "belt|sheep|box|list|hole|friday|market|paper|label|board|goods|ops|finish|or|and white))|" NATIONAL_DE "|noire?|arabe|"
     "maghrébine?|asiatique|farbig|schwarz(?!e))(?=\\b)(?! (?-i:\\p{Lu}))"},
    {SPECIAL_ORIGIN, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " (?:(?:originally|half|part|ethnically|ein|eine|a|an) )?(?:" NATION "|(?-i:Kurd|Turk|Arab|Syrian|Afghan|"
     "Roma))(?= (?:and|but|so|by|from|on|born)\\b|[.,;!)]|$)"},
    {SPECIAL_ORIGIN, SPECIAL_NOTHING,
     "\\b(?:(?:his|her|their|whose) (?:parents|family|mother|father|grandparents|folks) (?:(?:all |both |originally )?(?:come|came|comes|"
     "fled|emigrated|immigrated|moved here|escaped|are|is|was|were) (?:from |here |" NATION "))|(?:seine?|ihre?|deren) (?:eltern|"
     "familie|mutter|vater|großeltern) (?:kommen|kommt|kam|kamen|stammen|stammt|floh|flohen|sind|ist) (?:ursprünglich )?(?:aus|" NATIONAL_DE
     "|(?-i:Türken|Kurden|Syrer|Polen|Russen|Afghanen|Araber))|(?:ses parents|sa famille|sa mère|son père) (?:sont|vien(?:t|nent)|est) "
     "(?:d[eu'’] ?|\\p{L}{3,12}(?:aine?s?|iens?|iennes?|ois|aises?|ais|ques?)\\b)|(?:fled|escaped) (?:from )?(?-i:Syria|Iran|Iraq|"
     "Afghanistan|Ukraine|Eritrea|Somalia|Sudan|Vietnam)|(?:geflohen|geflüchtet|flüchtete)|de parents (?-i:\\p{Ll})\\p{L}{4,14}s\\b|(?:his|her) roots (?:are )?in (?-i:\\p{Lu}))"},
    {SPECIAL_ORIGIN, SPECIAL_SUBJECT, "\\bstammt (?:ursprünglich )?aus (?:der |dem )?(?-i:\\p{Lu})\\p{L}{2,15}"},
    /* ---- orientation */
    {SPECIAL_ORIENTATION, SPECIAL_NOTHING,
     "\\b(?:came out(?: as (?:gay|lesbian|bi(?:sexual)?|trans(?:gender)?|queer)| to (?:his|her|the) (?:team|family))|"
     "(?:openly|offen|ouvertement) (?:gay|lesbian|bisexual|queer|trans|schwul|lesbisch|bisexuell|homosexuell|gay|homosexuelle?)|"
     "same-sex (?:partner|marriage|spouse|couple)|sexual orientation|sexuelle orientierung|his (?:husband|boyfriend)|"
     "her (?:wife|girlfriend)|in a gay relationship|sex change|geschlechtsumwandlung|non-binary|nichtbinär|"
     "lesbian (?:couple|activists?|partner)|gay (?:couple|man|men|rights activist|bar))\\b"},
    {SPECIAL_ORIENTATION, SPECIAL_SUBJECT,
     "(?:\\b|(?=['’]))" COPULA " " ADVERBS "(?:gay(?! colou?rs)|lesbian|bi(?:sexual)?|homosexual|trans(?:gender|sexual)?(?! axle)|"
     "queer|schwul|lesbisch|bisexuell|homosexuell|transsexuell|homosexuel(?:le)?|lesbienne|transgenre|bisexuel(?:le)?)\\b(?! (?-i:\\p{Lu}))"},
    {SPECIAL_ORIENTATION, SPECIAL_PERSON, "\\b(?:lesbisch|schwul|transgender|lesbian)\\b(?! (?:bar|magazine|market))"},
    {SPECIAL_ORIENTATION, SPECIAL_ACTOR,
     "\\b(?:mit einer frau verheiratet|verheiratet mit einem mann|mit einem mann verheiratet|mit seinem (?:ehemann|mann|freund zusammen)|sein (?:ehemann|lebensgefährte)|seinen (?:ehemann|lebensgefährten)|mit ihrer "
     "(?:ehefrau|frau|freundin zusammen|lebensgefährtin)|ihre (?:ehefrau|lebensgefährtin)|trans (?:woman|man|frau|mann)|"
     "gleichgeschlechtlich\\p{L}{0,4}|two (?:dads|mums|moms|mothers|fathers)|zwei (?:väter|mütter)n?|en couple avec un homme)\\b"},
    /* ---- offences */
    {SPECIAL_OFFENCE, SPECIAL_NOTHING,
     "\\b(?:criminal record|on parole|on bail|ex-con(?:vict)?|drunk driving|(?:charged with|convicted of|arrested for|guilty of|"
     "accused of|indicted for|sentenced for|jailed for|served time for|did time for|fined for|investigated for) (?:\\p{L}{2,12} "
     ")?" CRIME "|did time|vorbestraft|vorstrafen?|haftstrafe|bewährungsstrafe|in (?:u-)?haft\\b|im (?:gefängnis|knast)|"
     "trunkenheit am steuer|casier judiciaire|garde à vue|mise? en examen|wegen " CRIME
     " (?:verurteilt|vor gericht|angeklagt|angezeigt|vorbestraft|verhaftet|im gefängnis)|condamnée? (?:pour|à)|fichée? s)\\b"},
    {SPECIAL_OFFENCE, SPECIAL_PERSON,
     "\\b(?:(?:was|were|is|got|been|be) (?:convicted|arrested|jailed|imprisoned|sentenced|indicted|locked up)|(?:in|to|from) "
     "(?:prison|jail)(?! (?:segment|market|cells?|doors?))|on probation(?! period)|(?:wurde|wurden|worden|ist|war)(?: \\p{L}{2,20})"
     "{0,5} (?:verurteilt|verhaftet|festgenommen)|auf bewährung|(?:straf|ermittlungs)verfahren|strafanzeige|wegen " CRIME
     "\\b|en (?:prison|détention)(?! )|en prison|arrêtée? (?:par la police|pour)|lost (?:his|her) (?:driving )?licen[cs]e|"
     "führerschein (?:verloren|weg|abgegeben|entzogen)|embezzled|pour " CRIME ")\\b"},
    {SPECIAL_OFFENCE, SPECIAL_ACTOR,
     "\\b(?:(?:" CRIME "|shoplifting|stealing|drink[- ]driving|embezzling)\\b" NO_CRIME_TRADE
     "|under (?:criminal )?investigation|behind bars|(?:months|years) (?:in prison|inside|in jail)|(?:monate|jahre) (?:haft|knast|"
     "gefängnis)|(?:alkohol|trinken|betrunken) am steuer|führerschein weg|(?:mois|ans) (?:de prison|ferme)|de la prison|"
     "vor gericht wegen|angeklagt wegen|on trial for|stole from|stole money|stealing from|bracelet électronique|restraining order|sex offender|house arrest|fußfessel|police record)"},
};
#define N_RULES COUNT_OF(rules)

struct special {
    struct lexicon *lexicon; /* of the rules */
    struct special_terms *terms;
};

const char *special_name(enum special_category c)
{
    static const char *const names[] = {"health", "belief",      "union",   "politics",
                                        "origin", "orientation", "offence", "family"};

    return names[c];
}

enum rc special_open(struct special **out, struct err *e)
{
    const char *patterns[N_RULES];
    struct special *s = calloc(1, sizeof(*s));
    enum rc rc;

    if (!s) return err_set(e, RC_NOMEM, "special: out of memory");
    for (size_t i = 0; i < N_RULES; i++)
        patterns[i] = rules[i].pattern;
    rc = lexicon_open(patterns, COUNT_OF(patterns), &s->lexicon, e);
    if (rc == RC_OK) rc = special_terms_open(&s->terms, e);
    if (rc == RC_OK) {
        *out = s;
        s = NULL;
    }
    special_close(s);
    return rc;
}

void special_close(struct special *s)
{
    if (!s) return;
    lexicon_close(s->lexicon);
    special_terms_close(s->terms);
    free(s);
}

/* ---- clauses --------------------------------------------------------------------------------------------------- */

/* "Dr. Weber": the dot ends no sentence. */
static bool abbreviation(const char *text, size_t dot)
{
    static const char *const known[] = {"dr", "mr", "mrs", "ms",   "prof", "st",  "nr",     "hr",
                                        "fr", "ca", "bzw", "inkl", "evtl", "ggf", "approx", "no"};
    size_t start = dot;

    while (start > 0 && (text[start - 1] | 0x20) >= 'a' && (text[start - 1] | 0x20) <= 'z')
        start--;
    if (dot - start == 1) return true; /* an initial, z. B. */
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strlen(known[i]) == dot - start && strncasecmp(text + start, known[i], dot - start) == 0)
            return true;
    return false;
}

static bool sentence_end(const char *text, size_t n, size_t i)
{
    if (text[i] == '\n' || text[i] == '!' || text[i] == '?' || text[i] == ';') return true;
    if (text[i] != '.') return false;
    return (i + 1 == n || text[i + 1] == ' ' || text[i + 1] == '\n') && !abbreviation(text, i);
}

static bool clause_end(const char *text, size_t n, size_t i)
{
    if (sentence_end(text, n, i)) return true;
    if (text[i] == ',' || text[i] == ':') return i + 1 == n || text[i + 1] == ' ' || text[i + 1] == '\n';
    if (text[i] == '(' || text[i] == ')') return true;
    return text[i] == ' ' && i + 2 < n && text[i + 1] == '-' && text[i + 2] == ' ';
}

/* The clause around [from, upto), and what to cut so that the rest still reads. */
static void clause_around(const char *text, size_t n, size_t from, size_t upto, size_t *start, size_t *end,
                          size_t *cut, size_t *cut_end)
{
    *start = from;
    while (*start > 0 && from - *start < MAX_CLAUSE && !clause_end(text, n, *start - 1))
        (*start)--;
    *end = upto;
    while (*end < n && *end - upto < MAX_CLAUSE && !clause_end(text, n, *end))
        (*end)++;
    while (*start < from &&
           ((unsigned char)text[*start] & 0xC0) == 0x80) /* the limit may split a character */
        (*start)++;
    while (*end < n && ((unsigned char)text[*end] & 0xC0) == 0x80)
        (*end)++;
    *cut = *start;
    *cut_end = *end;
    if (*start > 0 && (text[*start - 1] == ',' || text[*start - 1] == '(') && *end < n &&
        (sentence_end(text, n, *end) || text[*end] == ')')) {
        /* "budget agreed, Anna is ill." keeps its full stop and loses the comma */
        *cut = *start - 1;
        if (text[*end] == ')') (*cut_end)++;
        while (*cut > 0 && text[*cut - 1] == ' ')
            (*cut)--;
        return;
    }
    while (*cut < from && text[*cut] == ' ')
        (*cut)++;
    if (*cut_end < n && text[*cut_end] != '(' && text[*cut_end] != ')') (*cut_end)++;
    while (*cut_end < n && text[*cut_end] == ' ')
        (*cut_end)++;
}

/* ---- persons ----------------------------------------------------------------------------------------------------- */

static bool pronoun(const struct word *x)
{
    return word_in(x, " he she him her his hers himself herself i my me who they er sie ihn ihm ihr ihre ihrem ihren ihrer sein seine "
                      "seinem seinen seiner ich mein meine il elle lui sa ses qui ");
}

/* "her" and "his" speak of somebody, but what follows them is what the sentence is about. */
static bool subject_pronoun(const struct word *x)
{
    return word_in(x, " he she i who they them him er sie ich wir il elle je qui ihm ihn ");
}

static bool role_of_person(const struct word *x)
{
    return word_in(x, " ceo cfo cto coo cio boss chef chefin buyer champion colleague kollege kollegin kollegen assistant employee "
                      "mitarbeiter mitarbeiterin manager manageri managerin owner founder contact director engineer inhaber "
                      "inhaberin geschaftsfuhrer geschaftsfuhrerin einkaufer einkauferin leiter leiterin lagerleiter ansprechpartner "
                      "ansprechpartnerin secretary receptionist foreman supervisor partner president chairman lawyer accountant "
                      "lead head rep clerk nurse doctor agent planner operator trustee intern trainee apprentice azubi praktikant responsable "
                      "directeur directrice gerant gerante acheteur acheteuse patron patronne guy lady woman man "
                      "meister vorstand prokurist chairwoman controller technician driver trainer wife husband mother father mum mom "
                      "dad son daughter child baby brother sister parents frau mann mutter vater sohn tochter kind bruder schwester "
                      "eltern mari femme mere pere fils fille frere sour mr mrs ms dr herr herrn mme monsieur "
                      "bookkeeper welder salesman saleswoman salesperson salesperson staff neighbour founder ceos interlocutor secretaries fitter "
                      "electrician mechanic carpenter dispatcher warehouseman teammate successor predecessor deputy somebody someone "
                      "everyone guys landlord widow chairperson treasurer analyst administrator programmer developer consultant cofounder "
                      "gatekeeper boyfriend girlfriend spouse fiance fiancee mate bloke fella lad gal kid ladies "
                      "verkaufer verkauferin fahrer fahrerin monteur geselle disponent disponentin vertriebler vertrieblerin "
                      "sachbearbeiter sachbearbeiterin hausmeister buchhalter buchhalterin sekretarin assistentin assistent prokuristin "
                      "vorarbeiter schichtleiter kunde kundin kontakt lehrling ingenieur ingenieurin techniker technikerin betreuer "
                      "betreuerin nachfolger nachfolgerin vorganger inhaberin seniorchef juniorchef vorstandin betriebsrat kumpel "
                      "freund freundin verlobte lebensgefahrte lebensgefahrtin partnerin ehefrau ehemann oma opa baby "
                      "comptable vendeur vendeuse commercial commerciale assistante secretaire ouvrier ouvriere chauffeur technicien "
                      "technicienne dirigeant dirigeante fondateur fondatrice pdg dg drh daf interlocuteur interlocutrice collegue "
                      "vp svp evp exec mgr md gf gl ap procurer purchaser "
                      "associe associee gestionnaire stagiaire apprenti apprentie adjoint adjointe copain copine epouse epoux compagne "
                      "compagnon conjoint conjointe bebe cliente contremaitre ingenieur salarie salariee employe employee magasinier ") ||
           (x->n_fold > 6 && (strcmp(x->fold + x->n_fold - 6, "leiter") == 0 || strcmp(x->fold + x->n_fold - 6, "fuhrer") == 0));
}

static bool name(const struct word *x)
{
    return x->capital && x->letters && x->n_fold > 1 && x->tags & (TAG_FIRST | TAG_LAST) && !(x->tags & (TAG_DOUBT | TAG_BUSINESS)) &&
           (x->tags & TAG_FIRST || !(x->tags & TAG_COMMON));
}

/* A capitalised word of which nothing is known, or that may be a name: one in English where something is or has. */
static bool maybe_name(const struct name_text *t, size_t i)
{
    const struct word *x = &t->w->items[i];

    if (!x->capital || !x->letters || x->n_fold < 2 || x->upper) return false;
    return x->tags == 0 || (x->tags & TAG_FIRST && x->tags & TAG_DOUBT && !(x->tags & TAG_MONTH));
}

/* First word that begins at or behind a byte. */
static size_t word_from(const struct words *w, size_t at)
{
    size_t low = 0, high = w->n;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (w->items[mid].start < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool starts_sentence(const struct name_text *t, size_t at)
{
    while (at > 0 && t->text[at - 1] == ' ') at--;
    return at == 0 || strchr(".!?\n", t->text[at - 1]);
}

/* Notes leave out of whom they speak: "Hatte einen Herzinfarkt." */
static bool left_out(const struct name_text *t, size_t start)
{
    size_t i = word_from(t->w, start);

    if (i == t->w->n || !starts_sentence(t, start)) return false;
    return t->w->items[i].tags & (TAG_ACT | TAG_ACT_PERSON) ||
           word_in(&t->w->items[i],
                   " is was has had got went wears lost suffers still now apparently off out away back broke recovering suffering "
                   "currently just recently soon diagnosed arrested convicted released going getting came comes votes voted supports "
                   "lives born grew raised fled practising practicing recently recovered expecting married divorced separated signed "
                   "attends prays fasts believes keeps observes active charged sentenced caught served serves did does took takes goes "
                   "joined member openly originally sadly unfortunately unable will needs can be been pregnant home on under in "
                   "hat hatte ist war wurde kommt liegt fallt leidet sitzt lebt seit wieder derzeit aktuell momentan zurzeit leider noch "
                   "nach wegen wahlt geht betet fastet stammt steht bekommt erwartet trinkt nimmt muss war wird frisch engagiert mitglied "
                   "laut angeblich wohl offenbar never always often usually regularly every rarely sometimes nie immer oft regelmassig manchmal jeden "
                   "never misses marches sits sees mentioned says stood stands ran runs spent trying keep turns retired "
                   "hort sieht kann darf will macht bekam verlor sucht lag kam ging sass stand feiert halt gehort "
                   "est a suit souffre actuellement toujours vient va sort porte vote milite prie attend en malheureusement arrete "
                   "absent absente ne nee originaire divorce condamne syndique recemment bientot ");
}

/* The sentence around [start, end), as far as a clause may reach. */
static void sentence_around(const struct name_text *t, size_t *start, size_t *end)
{
    size_t from = *start, upto = *end;

    while (*start > 0 && from - *start < MAX_CLAUSE && !sentence_end(t->text, t->n, *start - 1))
        (*start)--;
    while (*end < t->n && *end - upto < MAX_CLAUSE && !sentence_end(t->text, t->n, *end))
        (*end)++;
}

/* Does somebody stand in the sentence? */
static bool has_person(const struct name_text *t, size_t start, size_t end)
{
    sentence_around(t, &start, &end);
    for (size_t i = word_from(t->w, start); i < t->w->n && t->w->items[i].start < end; i++) {
        const struct word *x = &t->w->items[i];

        if (pronoun(x) || role_of_person(x) || name(x) || (x->tags & TAG_TITLE && x->capital)) return true;
        if (x->capital && word_is(x, "m") && i + 1 < t->w->n && x[1].capital) return true; /* M. Petit */
        if (!t->nouns && maybe_name(t, i) && i + 1 < t->w->n && (x[1].tags & TAG_ACT || (x->tags & TAG_FIRST && !x[1].capital) ||
            word_in(x + 1, " is was has had got went s will ist war hat hatte wird wurde ")))
            return true;
        if (x->capital && word_is(x, "sie") && i + 1 < t->w->n && x[1].start < end) return true;
    }
    return left_out(t, start);
}

/* Words between a subject and what is said of it, in German, where nouns have capitals: "seit Wochen krank". */
static bool behind_preposition(const struct word *x)
{
    return word_in(x, " seit im in am an aus bei nach vor wegen mit fur durch bis ab um zu zur zum since for in at on due ");
}

/* Does somebody act in [start, end)? "his" and "her" don't tell. */
static bool has_actor(const struct name_text *t, size_t start, size_t end)
{
    for (size_t i = word_from(t->w, start); i < t->w->n && t->w->items[i].start < end; i++) {
        const struct word *x = &t->w->items[i];

        if ((subject_pronoun(x) && !word_in(x, " we they wir i ich je them ")) || role_of_person(x) || name(x)) return true;
        if (x->tags & TAG_TITLE && x->capital) return true;
        if (!t->nouns && maybe_name(t, i) && i + 1 < t->w->n && (x[1].tags & TAG_ACT || (x->tags & TAG_FIRST && !x[1].capital)))
            return true;
    }
    return left_out(t, start);
}

/* Is somebody what is spoken of before byte `at` in a clause that begins at `start`? The nearest noun or pronoun counts. */
static bool subject_before(const struct name_text *t, size_t start, size_t at)
{
    for (size_t i = word_from(t->w, at); i-- > 0 && t->w->items[i].start >= start;) {
        const struct word *x = &t->w->items[i], *p = i && x[-1].start >= start ? x - 1 : NULL;

        if (subject_pronoun(x) || role_of_person(x) || name(x)) return true;
        if (!t->nouns && maybe_name(t, i)) return true;
        if (p && p->tags & TAG_TITLE && p->capital) return true;
        if (p && behind_preposition(p)) continue;
        if (t->nouns && x->capital && !(x->tags & (TAG_GERMAN | TAG_LINK | TAG_ACT | TAG_PLACE)) && x->letters) return false;
        if (p && (p->tags & TAG_ARTICLE || word_in(p, " its our their diese dieser "))) return false;
        if (!t->nouns && x->capital && x->tags & (TAG_COMMON | TAG_BUSINESS) && p) return false;
        if (word_in(x, " it es this that das dies ca we they there c ")) return false;
    }
    return left_out(t, start);
}

/* ---- scanning -------------------------------------------------------------------------------------------------- */

struct find {
    struct special_found found;
    size_t rank; /* of two finds of one clause and category the lower one says which word it was */
};
struct list {
    struct find *items;
    size_t n, cap;
};

static enum rc list_add(struct list *l, const struct find *f, struct err *e)
{
    if (l->n == MAX_FOUND)
        return err_set(e, RC_LIMIT, "text: more than %d clauses about special categories", MAX_FOUND);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct find *items = realloc(l->items, cap * sizeof(*items));

        if (!items) return err_set(e, RC_NOMEM, "special: out of memory");
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *f;
    return RC_OK;
}

static bool is_meant(enum special_needs needs, const struct name_text *w, size_t clause, size_t clause_upto, size_t word)
{
    switch (needs) {
    case SPECIAL_PERSON:
        return has_person(w, clause, clause_upto);
    case SPECIAL_ACTOR:
        return has_actor(w, clause, word);
    case SPECIAL_SUBJECT:
        return subject_before(w, clause, word);
    case SPECIAL_NOTHING:
    case SPECIAL_LOOK_ALIKE:
        break;
    }
    return true;
}

/* ---- business phrases ---------------------------------------------------------------------------------------------- */

struct span {
    size_t from, upto; /* words */
    enum special_category category;
    enum special_needs needs;
};

struct spans {
    struct span *items; /* by `from` */
    size_t n, cap;
};

static enum rc add_span(struct spans *l, const struct span *one, struct err *e)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct span *items = realloc(l->items, cap * sizeof(*items));

        if (!items) return err_set(e, RC_NOMEM, "special: out of memory");
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = *one;
    return RC_OK;
}

/* All terms of a text: business phrases and those that may count. */
static enum rc find_terms(const struct special_terms *terms, const struct words *w, struct spans *look_alikes,
                          struct spans *others, struct err *e)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < w->n && rc == RC_OK; i++) {
        const struct special_row *row;
        size_t next = 0, upto;

        while (rc == RC_OK && special_terms_at(terms, w, i, &next, &row, &upto))
            rc = add_span(row->needs == SPECIAL_LOOK_ALIKE ? look_alikes : others,
                          &(struct span){.from = i, .upto = upto, .category = row->category, .needs = row->needs}, e);
    }
    return rc;
}

/* Do words [from, upto) of a category belong to a business phrase? One that lies inside them doesn't count: "in prison",
 * "prison". */
static bool is_business(const struct spans *look_alikes, enum special_category category, size_t from, size_t upto)
{
    size_t low = 0, high = look_alikes->n;

    while (low < high) { /* the first that begins at or behind `upto` */
        size_t mid = (low + high) / 2;
        if (look_alikes->items[mid].from < upto)
            low = mid + 1;
        else
            high = mid;
    }
    while (low-- > 0 && look_alikes->items[low].from + SPECIAL_MAX_TERM > from) {
        const struct span *x = &look_alikes->items[low];

        if (x->upto <= from || x->category != category) continue;
        if (x->from < from || x->upto > upto || (x->from == from && x->upto == upto)) return true;
    }
    return false;
}

/* A text that is searched. */
struct scan {
    const struct normalised *t;
    const struct name_text *w;
    struct spans look_alikes;
    size_t rank; /* of what is judged: terms, then rules in the order of the table */
    struct list found;
};

/* Takes bytes [start, end) for a find if somebody is meant; *clause_upto is the end of their clause. */
static enum rc judge(struct special *s, struct scan *x, enum special_category category, enum special_needs needs, size_t start, size_t end,
                     size_t *clause_upto, bool *meant, struct err *e)
{
    struct find f = {.found = {.word_start = start, .word_end = end, .category = category}, .rank = x->rank};
    size_t clause, from, upto;

    clause_around(x->t->text, x->t->n, start, end, &clause, clause_upto, &f.found.start, &f.found.end);
    from = word_from(x->w->w, start);
    upto = word_from(x->w->w, end);
    /* Selling is no excuse for an offence: "sells cocaine" counts, "sells hearing aids" doesn't. */
    *meant = !is_business(&x->look_alikes, category, from, upto) &&
             !special_terms_trade(s->terms, x->w->w, from, upto, category == SPECIAL_OFFENCE ? start : clause, *clause_upto) &&
             is_meant(needs, x->w, clause, *clause_upto, start);
    return *meant ? list_add(&x->found, &f, e) : RC_OK;
}

static enum rc scan_terms(struct special *s, struct scan *x, struct err *e)
{
    const struct words *w = x->w->w;
    struct spans terms = {0};
    size_t taken = 0; /* one find a clause is enough */
    enum rc rc = find_terms(s->terms, w, &x->look_alikes, &terms, e);

    for (size_t i = 0; i < terms.n && rc == RC_OK; i++) {
        const struct span *t = &terms.items[i];
        size_t start = w->items[t->from].start, clause_upto;
        bool meant;

        if (start < taken) continue;
        rc = judge(s, x, t->category, t->needs, start, w->items[t->upto - 1].end, &clause_upto, &meant, e);
        if (rc == RC_OK && meant) taken = clause_upto;
    }
    free(terms.items);
    return rc;
}

static enum rc scan_rules(struct special *s, struct scan *x, struct err *e)
{
    enum rc rc = lexicon_begin(s->lexicon, x->t->text, x->t->n, e);
    struct lexicon_match m;
    bool hit = true;

    while (rc == RC_OK) {
        size_t clause_upto;
        bool meant;

        rc = lexicon_next(s->lexicon, &m, &hit, e);
        if (rc != RC_OK || !hit) break;
        x->rank = m.pattern + 1;
        rc = judge(s, x, rules[m.pattern].category, rules[m.pattern].needs, m.start, m.end, &clause_upto, &meant, e);
        if (rc == RC_OK && meant) lexicon_skip(s->lexicon, m.pattern, clause_upto); /* one find a clause is enough */
    }
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct find *x = a, *y = b;

    if (x->found.start != y->found.start) return x->found.start < y->found.start ? -1 : 1;
    if (x->found.category != y->found.category) return x->found.category < y->found.category ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return (x->found.word_start > y->found.word_start) - (x->found.word_start < y->found.word_start);
}

/* Sorted and joined where they overlap; then as spans of the input. *out is the caller's. RC_NOMEM. */
static enum rc finish(const struct list *l, const struct normalised *t, struct special_found **out, size_t *n_out, struct err *e)
{
    struct special_found *kept = NULL;
    size_t n = 0;

    if (l->n && !(kept = malloc(l->n * sizeof(*kept)))) return err_set(e, RC_NOMEM, "special: out of memory");
    if (l->n) qsort(l->items, l->n, sizeof(*l->items), by_place);
    for (size_t i = 0; i < l->n; i++) {
        const struct special_found *f = &l->items[i].found;

        if (n == 0 || f->start >= kept[n - 1].end)
            kept[n++] = *f;
        else if (f->end > kept[n - 1].end)
            kept[n - 1].end = f->end;
    }
    for (size_t i = 0; i < n; i++) {
        normalise_span(t, kept[i].start, kept[i].end, &kept[i].start, &kept[i].end);
        normalise_span(t, kept[i].word_start, kept[i].word_end, &kept[i].word_start, &kept[i].word_end);
    }
    *out = kept;
    *n_out = n;
    return RC_OK;
}

enum rc special_scan(struct special *s, const char *text, size_t n, struct special_found **out, size_t *n_out,
                     struct err *e)
{
    struct normalised t;
    struct words w = {0};
    struct name_text whole = {0};
    struct scan x = {.t = &t, .w = &whole};
    enum rc rc = normalise(text, n, DETECT_MAX_TEXT, &t, e);

    if (rc != RC_OK) return rc;
    rc = words_split(t.text, t.n, &w, e);
    if (rc == RC_OK) rc = name_rules_tag(t.text, t.n, &w, &whole, e);
    if (rc == RC_OK) rc = scan_terms(s, &x, e);
    if (rc == RC_OK) rc = scan_rules(s, &x, e);
    if (rc == RC_OK) rc = finish(&x.found, &t, out, n_out, e);
    free(x.found.items);
    free(x.look_alikes.items);
    free(whole.marked);
    words_clear(&w);
    normalise_clear(&t);
    return rc;
}

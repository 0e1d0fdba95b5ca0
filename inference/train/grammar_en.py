"""English phrases. {a|b} chooses, <name> expands another rule, @KIND makes a new slot, ~w a rare word."""

G = {
'mod': '''cold chain|warehouse|two-shift|on-site|cloud|offline|mobile|multi-plant|pilot|regional|retrofit|stainless|solar|battery|payroll|fleet|label
|booking|dental|lab|laser|quality|energy|tenant|campus|airport|harbour|grain|dairy|paper|plastics|timber|packaging|spare parts|field service|night shift
|returns|invoice|catalogue|loyalty|video|badge|visitor|sensor|telemetry|leak|heating|cooling|ventilation|hydraulic|welding|paint line|forklift|conveyor
|sterile|archive|tender|claims|student|patient flow|kitchen|laundry|parking|toll|meter|grid|charging|backup|firewall|identity|single sign-on|data''',
'head': '''scanners|licences|platform|rollout|module|gateway|dashboard|interface|portal|upgrade|migration|maintenance contract|retrofit|line|controllers|pumps
|compressors|printers|terminals|software|subscription|training|audit|support plan|hosting|integration|connectors|handhelds|cabinets|filters|valves|racks
|tablets|cameras|monitoring|backup system|planning tool|app|workflow|reports|API|extension|framework agreement|service level|onboarding|package|units
|seats|add-on|prototype|sample kit|test system|drives|lockers|converters|analytics|forecasting|routing|scheduling|booking tool|inspection|calibration''',
'product': '<mod> <head>|<mod> <head>|<head>|~w <head>|<mod> ~w',
'who3': '''the customer|they|procurement|purchasing|legal|finance|IT|the IT team|operations|the plant manager|the board|the works council|management|the CFO
|the project lead|the data protection officer|security|the buyer|their controller|the warehouse team|the head of production|HR|the branch managers|the union rep
|@PERSON|@PERSON|@PERSON|he|she|the end users|logistics|the parent company|@ORG|their lawyer|the tender office|the facility manager|quality|maintenance''',
'time': '''before @DATE|by @DATE|until @DATE|after @DATE|on @DATE|in @DATE|next week|next month|this quarter|after the summer break|by the end of the month|in the autumn
|once the audit is done|within @DAYS|in @DAYS|before the fiscal year ends|as soon as possible|later this year|after the trade fair|at the next board meeting
|before the season starts|when the new hall opens|this spring|after the go-live|from @DATE on''',
'reason': '''because {the old|their current} {system|contract|vendor|supplier} {ends|runs out|was switched off|keeps failing} {<time>|}|because of the {budget freeze|new regulation|merger|reorganisation|staff shortage|audit findings|recall}
|since {@PERSON|the sponsor|the project lead} {left|is on leave|changed roles}|because {delivery|installation|training|the last project} took too long|due to {long lead times|missing references|open security questions|export rules|exchange rates}''',
'need': '''needs {a|an updated|a revised|a written|another|one more} {quote|offer|price list|reference|data sheet|security questionnaire|cost breakdown|delivery plan|training plan|statement of work|demo}|need <product> for @NUM {sites|users|plants|branches|lines}
|wants {to start with|to see|to test|to extend|to renew|to compare|to postpone|to cancel|to replace} {the|} <product>|asked for {a discount of @NUM%|@NUM% off|better payment terms|a longer warranty|a shorter contract|a fixed price|a trial of @DAYS|a second demo|a site visit|a reference in the same industry}
|prefers {@ORG|our offer|a local partner|monthly billing|a purchase over leasing|the smaller package|an on-premises version}|insists on {a penalty clause|data storage in the country|net @DAYS|a single contact person|our standard terms|an acceptance test|two training days}
|has approved {the budget|@MONEY|the business case|the pilot|the design|@MONEY for the first phase}|confirmed {the order|the date|the amount of @MONEY|delivery <time>|that the budget is there|the start of the pilot}
|rejected {the price increase|our first offer|the proposed date|the three-year term|clause @NUM}|expects {delivery|a decision|an answer|the contract|the invoice|the installation} <time>
|{is|are} comparing us with @ORG|complained about {the response times|late delivery of the <product>|the invoice of @DATE|missing documentation|the <product>|repeated outages}
|wants {a call|a meeting|a workshop|to meet @STAFF|a visit} <time>|will {decide|sign|come back to us|send the order|involve legal|present it to the board} <time>
|cannot {decide|order|sign|start} {before|until} @DATE|reported that the <product> {fails|stops|is slow|loses data|reboots} {every night|after the update|under load|when it is hot|at shift change}
|likes the <product> but {finds it too expensive|worries about training|misses an interface to ~w|has doubts about the warranty|wants to wait}|is worried about {data protection|the total cost|downtime|the changeover|vendor lock-in|the short deadline}''',
'full': '<who3> <need>|<who3> <need> <reason>|<who3> <need>, <time>|<who3> <need>',
'frag': '''budget {approved|frozen|cut to @MONEY|not clear yet|of @MONEY confirmed|moved to next year|still open}|price {too high|is fine|@NUM% above @ORG|accepted}|no decision {before @DATE|yet|until the board meets}
|waiting for {legal|the signed NDA|feedback from @PERSON|the purchase order|the data sheet|a delivery date|the credit check|the ~w approval}|{contract|NDA|DPA|quote|offer|order} {sent|signed|returned with comments|expires} {on @DATE|<time>}
|wants {demo|quote|callback|samples|a reference visit} {<time>|for the <product>|for @NUM users}|{pilot|trial|test} {runs until @DATE|went well|delayed|stopped|extended by @DAYS|starts <time>}|decision {maker is @PERSON|moved to @DATE|lies with the board|expected <time>}
|new contact {is|will be} @PERSON{|, responsible for the <product>}|{main|only} {risk|objection|concern}: {price|timing|data protection|missing interface|lead time|support at night|the <product>}|competitor {@ORG is cheaper|@ORG is still in|is out|offers @MONEY}
|{delivery|installation|go-live|kick-off|training} {planned for @DATE|postponed to @DATE|<time>|at risk}|{offered|agreed on|asks for} {@NUM% discount|@MONEY|@MONEY for the <product>|payment in @NUM instalments}|{@NUM} {units|seats|sites|machines|licences} {needed|on order|defective|instead of @NUM}
|send {revised quote|updated offer|contract draft|references|~w documents|pricing for the <product>} {<time>|to @PERSON|}|call back {<time>|after @DATE|when @PERSON is back}|{replacement|spare part|technician} {sent|arrives <time>|booked for @DATE}|interested in <product> {and <product>|}
|current supplier {@ORG} {until @DATE|is unhappy|cannot deliver|raised prices}|{integration with|interface to} {~w|the ERP|the shop floor|@ORG} {is a must|open|works|not tested}''',
'first': '''we {need|would need|still need} {a revised quote|the signed contract|the <product>|an answer|your bank form|a new date|more time} {<time>|}|we {have decided|decided} {for your offer|for @ORG|to wait|to start with the <product>|against the <product>|to extend the contract}
|can you {send|confirm|check|give} {us|me} {the price for @NUM licences|the delivery date|the status of the <product>|a reference|the updated terms}|could you {please|} {tell me when the <product> arrives|send the invoice again|explain clause @NUM|come to our site <time>}
|our {board|legal team|IT|CFO|management} {has approved @MONEY|wants to see a demo|has questions about the <product>|cannot sign before @DATE|asks for a discount of @NUM%}|the <product> {is still not working|stopped again on @DATE|arrived damaged|does not accept ~w files|has been down for @DAYS}
|I {will be|am} {on leave until @DATE|out of office until @DATE|leaving the company <time>}, please {contact|write to} @PERSON|the price of @MONEY is {above our budget|fine for us|higher than expected|only acceptable with support included}|we would like to {order @NUM units|renew for another year|cancel the <product>|move the meeting to @DATE|extend the trial by @DAYS}
|please {change the delivery address|stop the order|send the contract to @PERSON|add the <product> to the offer|move the date to @DATE}|when {can you deliver|does the warranty end|will the update come|can @STAFF visit us}''',
'ours': '''we {sent|have sent} {the offer over @MONEY|the revised quote|the contract|the data sheet for the <product>|references|the case summary} {and asked for feedback by @DATE|and asked for a date|}|we {offered|proposed} {a call on @DATE|a discount of @NUM%|a pilot of @DAYS|a demo of the <product>|a meeting at their site}
|attached {is|you find} {the offer for the <product>|our revised price of @MONEY|the agenda for @DATE|the signed contract}|we reminded them of the {open offer|unsigned contract|missing data|renewal on @DATE}|I {would like|wanted} to {check the status of the offer|ask about the decision|introduce @STAFF|arrange a call on @DATE}
|our technician {will come on @DATE|has replaced the <product>|found the fault in the ~w}|we can {deliver by @DATE|hold the price until @DATE|start <time>|offer @MONEY for the <product>}''',
'adj': '''old|new|smaller|larger|blue|second|last|late|broken|heavy|outdoor|annual|local|spare|cheap|urgent|leaking|noisy|wet|frozen|narrow|empty|certified|used|rented|central|manual|automatic|foreign|joint|final|monthly|missing|hidden|written|legal|technical|internal|upper|northern|older|weekly''',
'noun': '''hall|shift|invoice|truck|roof|server|tender|budget|contract|boiler|freezer|tray|door|kiln|crane|ramp|belt|oven|silo|tank|mixer|blade|motor|cable|switch|router|screen|form|letter|survey|sample|test|trial|visit|audit|inspection|permit|warranty|refund|credit note|discount|rebate|forecast|order|delivery|pallet|container|shelf|label|barcode|badge|key|password|account|login|backup|report|spreadsheet|drawing|floor plan|prototype|mould|seal|gasket|pump|valve|sensor|alarm|camera|lamp|battery|charger|generator|kitchen|canteen|office|branch|plant|yard|harbour|field|greenhouse|barn|stable|clinic|ward|school|hotel|theatre|museum|pool|gym|lease|loan|grant|subsidy|tax office|insurer|bank|landlord|mayor|architect|consultant|dealer|agent|driver|cleaner|trainer|night crew|safety officer|committee|supervisory board|cooperative|sister company|franchise|union|ministry|lab|workshop|archive|showroom|warehouse|terminal|depot|ferry|tractor|harvester|sawmill|bakery|brewery|vineyard|pharmacy|quarry|foundry|print shop''',
'verb': '''visited|inspected|measured|tested|ordered|cancelled|returned|lost|found|mentioned|questioned|praised|postponed|replaced|promised|rejected|forgot|moved|sold|bought|rented|repaired|cleaned|counted|checked|compared|blocked|signed|opened|closed|extended|doubled|stopped|started|photographed|described|wants to keep|wants to sell|hopes to get|plans to close|plans to rebuild|has to replace|has to insure|does not trust|does not need|no longer uses|still waits for|asks about|worries about|talks to|relies on|pays for|depends on|shares costs for|fears|likes|hates|ignores|prefers|manages|owns''',
'prep': '''in the <adj> <noun>|near the <noun>|for the <noun>|with the <noun>|without the <noun>|from the <noun>|after the <noun>|during the <noun>|at @PLACE|in @PLACE|for @MONEY|for @NUM <noun>s|at @ORG|together with @PERSON|until @DATE|on @DATE|since @DATE|every @DAYS|<time>''',
'free': '''<who3> <verb> the <adj> <noun> <prep>|<who3> <verb> the <noun>|the <adj> <noun> {is|was|will be} {too small|too expensive|ready|gone|full|closed|wet|at risk|the real problem|a topic|on the list|the main pain|not covered} <prep>|the <noun> {of|at} @ORG {broke|failed|moved|closed|burned down|expires|starts} <prep>|{big|main|only} {pain|worry|topic|wish} is the <adj> <noun> <prep>|@NUM <noun>s {missing|broken|too many|planned|per day|a week} <prep>|{no|new|another|second} <adj> <noun> <prep>|<adj> <noun> {ok|done|missing|pending|not ok|tbd|first} <prep>|<verb> the <noun> <prep>|{reached|met|spoke to|called} @PERSON, the <noun> <prep> {is fine|is late|has to wait}|<who3> {says|thinks|hopes|fears|heard} the <adj> <noun> {is|was|comes|will end} <prep>''',
'wefree': '''we {visited|lost|sold|ordered|moved|cannot use|no longer need|have to replace|are looking for|plan|run|own|would like to see} {a|the|our} <adj> <noun> <prep>|our <noun> {is|was} {broken|too small|closed|full|late|stopped} <prep>|the <adj> <noun> {arrived|broke|stopped|is missing} <prep>|{can|could} you {repair|send|check|quote|replace|pick up} the <adj> <noun> <prep>|I {saw|need|lost|would like|have checked} the <noun> <prep>|is the <noun> <prep> {included|possible|on the way}|what would {a|the} <adj> <noun> cost <prep>''',
'filler': '''hope you are well|thanks for your time|thanks for the quick reply|nice chat|good meeting|great atmosphere|left voicemail|weather was awful|as discussed|see below|fyi|just a quick note|no answer at first try|had coffee|more soon
|happy to help|sorry for the delay|talk soon|spoke briefly|thx for the call|long call|see attached|hope the holiday was nice|just a short update|quick update from my side|met at reception|traffic was bad''',
'greet': 'Hi @PERSON,|Hello @PERSON,|Dear @PERSON,|Hi @STAFF,|Hello,|Good morning,|Hi all,|Dear team,|Hi {@STAFF}!|Hello {@STAFF} -',
'sign': 'Best regards, @PERSON|Best, @PERSON|Kind regards @PERSON @PHONE|Regards, @PERSON, ~W ~W, @PHONE @EMAIL|Thanks @PERSON|Cheers, @PERSON|Best regards @PERSON @ORG @PHONE @URL|BR @PERSON|Sent from my phone',
'quoted': 'From: @EMAIL Sent: @DATE To: @EMAIL Subject: RE: ~w ~w Hi @PERSON, <ours>. <filler>. Best regards @STAFF|On @DATE, @STAFF wrote: > <ours> > <filler>|-----Original Message----- From: @STAFF Sent: @DATE Subject: <product> Dear @PERSON, <ours>.|> <ours> > <ours>',
'step': '''{send|prepare|present|discuss|review|agree|finalise|get approval for|share|check|clarify} {the|a|} {revised quote|contract draft|security questionnaire|proposal|<product> offer|price list|rollout plan|<product> scope|delivery dates|service level|statement of work|reference list}{| with @PERSON| with procurement| with legal| by @DATE| on @DATE| for @NUM sites}
|{call|meet|visit|contact|email|ask|introduce @STAFF to} {@PERSON|the CFO|procurement|the plant manager|the project team|the IT lead}{| about the <product>| on @DATE| re budget| re timeline| before @DATE}|{schedule|set up|book|arrange|confirm|plan|run} {demo|a demo|kick-off|workshop|site visit|technical call|training|the pilot|a review call}{| with @PERSON| for @DATE| in @DATE| at @ORG| about the <product>}
|{wait for|follow up on|collect|obtain} {the purchase order|the signed contract|feedback|the board decision|the credit check|~w documents|answers on the <product>}{| until @DATE| from @PERSON|}|{demo|workshop|site visit|contract review|technical call|price negotiation|board meeting|kick-off|reference call|<product> test}{| with @PERSON| on @DATE| planned for @DATE| at @ORG|}
|{order|install|replace|test|ship|deliver|calibrate} {the|} <product>{| on @DATE| at @ORG| for @NUM users}''',
'oppname': '{<Product>|<Product>|<Product> @NUM|<Product> - @ORG|@ORG <Product>|@ORG - ~W|~W ~W|Renewal <Product>|<Product>, phase @NUM|<Product> for @NUM sites|@ORG: <Product>}',
'casesubject': '''{<Product>|the <product>} {fails|stops|does not start|is slow|loses connection|shows an error|leaks|arrived damaged|not delivered|prints wrong data}{| after the update| every morning| at @ORG| since @DATE| under load}|{Error|Alarm|Code} @NUM {on|in} <product>|{Wrong|Missing|Late|Double} {invoice|delivery|spare part|licence key|report|credit note}{| for <product>| @NUM|}|{Login|Export|Sync|Backup|Upload|Printing} {not possible|fails|broken|very slow}{| for @NUM users| since @DATE|}|Question about {the <product>|invoice @NUM|the warranty|clause @NUM}''',
'stage': 'Prospecting|Qualification|Qualified|Discovery|Needs Analysis|Value Proposition|Proposal|Proposal/Price Quote|Negotiation|Negotiation/Review|Contract Sent|Verbal Agreement|Demo Scheduled|Evaluation|Decision|Commit|Legal Review|Budget Check|Technical Fit|Shortlisted|Closed Won|Closed Lost|On Hold|Perception Analysis|Id. Decision Makers|~W|~W ~W|~W Review|Best Case',
'status': 'New|Open|Working|Contacted|Nurturing|Qualified|Unqualified|Converted|In Progress|Waiting on Customer|Escalated|On Hold|Pending|Resolved|Closed|Working - Contacted|~W|Assigned|Waiting for Parts',
'otype': 'New Business|Existing Business|Renewal|Upgrade|Expansion|Replacement|Add-on|Pilot|Cross-sell|New Customer|~W',
'atype': 'Customer|Prospect|Partner|Reseller|Former Customer|Key Account|Competitor|Supplier|Customer - Direct|~W',
'industry': 'Manufacturing|Logistics|Healthcare|Retail|Food|Chemicals|Energy|Education|Construction|Banking|Insurance|Public Sector|Agriculture|Automotive|Pharma|Hospitality|Media|Utilities|Machinery|Textiles|Packaging|Aerospace|~W',
'source': 'Web|Website|Referral|Trade Show|Partner|Cold Call|Phone Inquiry|Webinar|Campaign|Event|Advertisement|Purchased List|Word of mouth|Existing Customer|~W|LinkedIn|Inbound Call',
'job': '{Head of|Director of|VP|Manager,|Team Lead} {Procurement|Operations|IT|Production|Logistics|Finance|Quality|Facilities|~W}|CEO|CFO|CTO|COO|Buyer|Plant Manager|Managing Director|Project Manager|Office Manager|{Senior|Junior|} {Buyer|Engineer|Analyst|Consultant|Controller|~W}|Owner',
'priority': 'High|Medium|Low|Critical|Urgent|Normal|~W', 'rating': 'Hot|Warm|Cold|A|B|C|~W',
'kind': 'call|call|call|email|email|email|meeting|meeting|note|note|chat|web form|visit|message|webinar|Call|Email|Meeting|Note|demo',
'hint': 'mention the <product>|ask for a call|keep it short|offer a demo <time>|ask about @DATE|thank them for the order',
}

ABBREV = {'with': 'w/', 'without': 'w/o', 'meeting': 'mtg', 'because': 'b/c', 'please': 'pls', 'about': 're', 'customer': 'cust', 'and': '&', 'as soon as possible': 'asap',
          'quote': 'quote', 'management': 'mgmt', 'next week': 'nxt wk', 'thanks': 'thx', 'before': 'b4', 'number': 'no.', 'information': 'info', 'department': 'dept', 'discussed': 'disc.', 'manager': 'mgr', 'you': 'u'}
ABBREV = {k: v for k, v in ABBREV.items() if not any(c.isdigit() for c in v)}

WORDS = ['the', 'a', 'of', 'to', 'for', 'in', 'on', 'with', 'is', 'was', 'not', 'and', 'but', 'they', 'we', 'at', 'has', 'by', 'from', 'still', 'only', 'no', 'will', 'their', 'after', 'or', 'it', 'all', 'wants', 'needs', 'asked', 'said', 'sent', 'two', 'new', 'old', 'more']
JOIN = [', and ', ', but ', ' and ', ', so ', ' because ', ', which means that ', ' - ', ' while ']

# Leads of a condensed note: P is who, D the date; each key is (kind, direction); [] parts vanish when absent.
LEADS = {
('call', 'inbound'): ['On D, P said on the phone: ', 'Call from P on D: ', 'P called on D: ', 'By phone on D, P said: '],
('call', 'outbound'): ['On D we called P: ', 'Our call to P on D: ', 'Call to P on D: '],
('call', ''): ['Call with P on D: ', 'On D there was a call with P: ', 'In a call on D with P: '],
('email', 'inbound'): ['On D, P writes: ', 'E-mail from P on D: ', 'In an e-mail of D, P writes: ', 'P wrote on D: '],
('email', 'outbound'): ['On D we wrote to P: ', 'Our e-mail to P of D: ', 'We wrote to P on D: '],
('email', ''): ['E-mail of D with P: ', 'In an e-mail of D: '],
('meeting', ''): ['Meeting with P on D: ', 'In the meeting with P on D: ', 'On D there was a meeting with P: '],
('note', ''): ['Note of D: ', 'A note of D says: ', 'Internal note of D: '],
('note', 'inbound'): ['On D, P told us: ', 'Message from P on D: '],
('other', 'inbound'): ['K from P on D: ', 'On D, P wrote (K): '],
('other', 'outbound'): ['K to P on D: ', 'On D we sent a K to P: '],
('other', ''): ['K with P on D: ', 'K of D: '],
}
NOBODY = 'the customer'
FOREIGN = ' (in German)'

INTENTS = ['follow-up', 'introduction', 'meeting', 'proposal-reminder', 'renewal', 'thank-you', 're-engagement', 'case-update', 'apology', 'reply']
TONES = ['neutral', 'warm', 'brief']
VERBS = set('send prepare present discuss review agree finalise get share check clarify call meet visit contact ask introduce schedule set book arrange confirm plan run order install replace test ship deliver calibrate'.split())

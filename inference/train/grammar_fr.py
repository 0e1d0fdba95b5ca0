"""French notes: only as text to copy; briefs are written in English and German. The notation is that of grammar_en."""

G = {
'product': 'la {vanne|pompe|caméra|balance|presse|chaudière|sonde|licence|maintenance|formation}|le {capteur|logiciel|four|portail|contrat|module|variateur|serveur|stock}|les {pièces|filtres|écrans|étiquettes|licences|badges}|~w',
'time': 'avant @DATE|le @DATE|à partir du @DATE|la semaine prochaine|après les vacances|au printemps|dans @DAYS|dès que possible|en fin de mois|après le salon',
'who3': 'le client|il|elle|la direction|les achats|le service informatique|@PERSON|@PERSON|@ORG|le chef de projet|la comptabilité|le siège|M. @PERSON|Mme @PERSON',
'need': '''{demande|attend|souhaite|veut} {un devis|une remise de @NUM %|une démonstration|un rappel|un échantillon|une visite|le contrat|une référence} <time>|{a signé|a refusé|compare|a reçu|relit} {le devis|l'offre|la proposition de @ORG|notre contrat}|{hésite|attend} à cause {du prix|des délais|de la formation|du budget}|{a validé|bloque} le budget de @MONEY|n'est {pas disponible|plus joignable} <time>|trouve <product> trop {chère|lente|grande}|préfère {payer en @NUM fois|attendre <time>|louer}''',
'full': '<who3> <need>|<who3> <need>, {mais|et|car} <who3> <need>',
'frag': 'budget {validé|gelé|à confirmer|de @MONEY}|devis {envoyé|signé|à refaire} <time>|{livraison|installation|visite|réunion} {prévue|reportée} <time>|rappeler {<time>|@PERSON}|@NUM {postes|sites|machines} {en panne|commandés|à équiper}|concurrent @ORG {moins cher|encore en lice}|<product> en panne depuis @DAYS|pas de décision <time>',
'first': 'nous {attendons|avons reçu|souhaitons modifier|devons reporter} {votre devis|la livraison|la visite|le contrat} <time>|pouvez-vous {envoyer|confirmer|vérifier} {le prix|le délai|la facture de @MONEY|<product>}|<product> ne fonctionne plus depuis @DATE|merci de {rappeler|contacter} @PERSON <time>',
'ours': "nous avons envoyé {le devis|l'offre de @MONEY|le contrat} <time>|nous proposons {une visite le @DATE|une remise de @NUM %|un essai de @DAYS}|veuillez trouver ci-joint {le devis|la fiche technique}",
'free': "<who3> {cherche|remplace|loue|vend|inspecte|attend} <product> ~w <time>|<product> {est|reste|sera} {trop petite|en retard|prête|bloquée} <time>|{seul|gros} problème : <product> ~w|visite de l'{atelier|usine|entrepôt} ~w avec @PERSON, {rien à signaler|bonne ambiance|beaucoup de questions}",
'wefree': 'nous {cherchons|louons|remplaçons} <product> ~w <time>|notre <product> {est cassée|ne suffit plus} <time>',
'filler': 'merci pour votre accueil|voir ci-dessous|bonne réunion|à bientôt|comme convenu|petit message rapide',
'greet': 'Bonjour @STAFF,|Bonjour,|Madame, Monsieur,|Cher @STAFF,|Bonjour Monsieur @PERSON,',
'sign': 'Cordialement, @PERSON|Bien à vous @PERSON @PHONE|Cdlt @PERSON|Sincères salutations, @PERSON',
'quoted': 'De : @EMAIL Envoyé : @DATE À : @EMAIL Objet : RE: ~w <ours>. @STAFF|Le @DATE, @STAFF a écrit : > <ours>',
'job': '{Responsable|Directeur|Directrice|Chef|Adjoint} {achats|production|qualité|logistique|technique|du site|des ventes|~w}|Comptable|Acheteur|Gérante|Ingénieur ~w|Chargée de projet',
'oppname': '<Product> ~w|~W {atelier|ligne|entrepôt|chaîne} @NUM|@ORG {remplacement|extension|entretien} ~w|~W ~w',
'step': '{Relancer|Appeler|Contacter} {M. @PERSON|@PERSON|les achats}|{Envoyer|Vérifier|Confirmer} {le devis|le délai|la remise|<product>}{| avant @DATE}|{Devis|Visite|Essai} ~w',
'casesubject': '<Product> {en panne|bloquée|hors service} {depuis @DATE|}|{Facture|Livraison|Alarme} {manquante|en double} @NUM',
}
ABBREV = {}
WORDS = ['le', 'la', 'les', 'un', 'une', 'des', 'du', 'de', 'et', 'avec', 'pour', 'sur', 'dans', 'pas', 'est', 'sont', 'nous', 'ils', 'chez', 'mais', 'très', 'après', 'au', 'aux', 'a', 'ont', 'sera', 'veut', 'sans', 'aussi', 'qui', 'que', 'encore']
JOIN = [', et ', ', mais ', ' car ', ' - ', ', donc ']

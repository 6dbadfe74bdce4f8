"""French texts that both apps share."""

PLATFORM_FR = {
    "model.in_use": "Modèle {version}",
    "model.none": "Pas encore de modèle",
    "model.none_for_clerks": (
        "Il n’y a pas encore de modèle. Vous pouvez déjà déposer des documents\u00a0: ils seront classés dès qu’un "
        "administrateur en aura entraîné un."
    ),
    "model.none_for_admins": (
        "Il n’y a pas encore de modèle. Ajoutez des images à deux classes au moins, puis lancez un entraînement."
    ),
    "fault.retry": "Réessayer",
    "fault.api-unreachable": "La plateforme ne répond pas.",
    "remedy.api-unreachable": (
        "Votre travail est en sécurité. Réessayez dans un moment\u00a0; si cela dure, prévenez la personne qui la gère."
    ),
    "fault.unexpected-answer": "La réponse de la plateforme ne peut pas être comprise.",
    "remedy.unexpected-answer": (
        "L’application et la plateforme n’ont peut-être pas la même version. Prévenez la personne qui les gère."
    ),
    "fault.unauthorized": "La plateforme ne vous connaît pas.",
    "remedy.unauthorized": "Le jeton d’accès de l’application est faux ou absent. Prévenez la personne qui la gère.",
    "fault.job-missing": "Ce lot n’existe pas.",
    "remedy.job-missing": "Il a peut-être été supprimé. Choisissez-en un dans la liste.",
    "fault.document-missing": "Ce document n’existe pas.",
    "remedy.document-missing": "Il a peut-être été supprimé. Revenez à la liste.",
    "fault.example-missing": "Cette image n’existe plus.",
    "remedy.example-missing": "Quelqu’un d’autre l’a supprimée. Rechargez la page.",
    "fault.not-reviewable": "Ce document ne peut pas être décidé maintenant.",
    "remedy.not-reviewable": "Il n’a pas été lu, ou il est en lecture. Revenez à la liste.",
    "fault.unknown-class": "Personne ne connaît cette classe.",
    "remedy.unknown-class": "Elle a été supprimée entre-temps. Choisissez-en une autre.",
    "fault.not-drawable": "La page ne peut pas être montrée en image.",
    "fault.content-missing": "Le contenu du fichier n’a pas été gardé.",
    "fault.queue-full": "Trop de documents sont en attente.",
    "remedy.queue-full": "Renvoyez le lot quand une partie sera faite.",
    "fault.reference-invalid": "La plateforme n’accepte pas cette référence.",
    "remedy.reference-invalid": "Utilisez 200 caractères au plus, sans saut de ligne.",
    "fault.storage-unavailable": "Le stockage ne répond pas ou est plein.",
    "remedy.storage-unavailable": "Réessayez dans un moment\u00a0; si cela dure, prévenez la personne qui le gère.",
    "fault.registry-unavailable": "Le registre des modèles ne répond pas.",
    "remedy.registry-unavailable": "Réessayez dans un moment\u00a0; si cela dure, prévenez la personne qui le gère.",
    "fault.database-unavailable": "La base de données ne répond pas.",
    "remedy.database-unavailable": "Réessayez dans un moment\u00a0; si cela dure, prévenez la personne qui la gère.",
    "fault.too-few-classes": "Un entraînement demande des images dans deux classes au moins.",
    "remedy.too-few-classes": "Ajoutez-en d’abord.",
    "fault.internal": "La plateforme a eu une défaillance.",
    "remedy.internal": "Réessayez\u00a0; si cela se répète, prévenez la personne qui la gère.",
    "list.more": "Afficher plus",
    "files.browse": "Choisir des fichiers ou les glisser ici",
    "prediction.all": "Probabilité de chaque classe",
    "confidence.none": "sans score",
    "confidence.sure": "sûr à {share}",
    "confidence.unsure": "sûr à {share} seulement",
    "document.image": "Première page de {name}",
    "document.no_class": "sans classe",
    "refusal.unsupported-type": (
        "Ce type de fichier ne peut pas être lu. Utilisez JPEG, PNG, TIFF, WebP, BMP, HEIC ou PDF."
    ),
    "refusal.too-large": "Le fichier est trop gros.",
    "refusal.too-many-pixels": "L’image a trop de pixels. Numérisez-la avec une résolution plus faible.",
    "refusal.encrypted": "Le PDF est protégé par un mot de passe. Enregistrez-le sans protection et redéposez-le.",
    "refusal.unreadable": "Le fichier est abîmé et ne peut pas être ouvert.",
    "refusal.empty": "Le fichier est vide.",
    "refusal.timeout": "La lecture du fichier a pris trop de temps.",
    "refusal.processing-failed": "Un défaut de la plateforme a empêché le classement du fichier. Réessayez.",
    "refusal.interrupted": "Le classement du fichier a été interrompu plusieurs fois. Réessayez.",
    "refusal.conflicting-class": "Le jeu d’entraînement a ce fichier dans une autre classe. Supprimez-l’y d’abord.",
    "heat_map.title": "Ce qui a été pris pour quoi",
    "heat_map.caption": "Documents de contrôle\u00a0: combien de chaque classe réelle ont reçu quelle classe",
    "heat_map.difference_caption": "Écart par case\u00a0: part de la classe réelle en points, et documents",
    "heat_map.rows": "Classe réelle",
    "heat_map.columns": "Classe attribuée",
    "heat_map.cell": "{count} documents de la classe {true} sur {total} ont été classés {predicted}",
    "heat_map.change": "{true} classé {predicted}\u00a0: {before} documents avant, {after} après",
    "heat_map.points": "{points}\u00a0pts",
}

package igauth

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

var (
	//go:embed receipt.html
	receiptSource   string
	receiptTemplate = template.Must(template.New("receipt").Parse(receiptSource))
)

// receiptWords are the texts of the page on which people see what became of their
// request to erase, in one language.
type receiptWords struct {
	// Titles and what stands below, by how far it is.
	going, done, nothing words
	// one and many say what was stored, of one account and of more.
	one, many string
	// The names of the lines, and what stands there while it is not done.
	Asked, Received, Erased, Stored, Code string
	pending                               string
	// kept says what may still be there, until how long the page can be seen.
	kept, Until string
	months      [12]string
	date        string
}

var receiptTexts = map[Language]receiptWords{
	English: {
		going:   words{"Your data is being erased", "Your request has arrived and is being carried out. Nothing more is needed from you; this page shows when it is done."},
		done:    words{"Your data has been erased", "Nothing more is needed from you."},
		nothing: words{"Nothing was stored", "Your request has arrived. No account of yours was connected here at that time, so there was nothing to erase."},
		one:     "1 account: its access tokens, its profile and its history",
		many:    "%d accounts: their access tokens, their profiles and their history",
		Asked:   "You asked for it", Received: "Received", Erased: "Erased", Stored: "What was stored", Code: "Confirmation code",
		pending: "in progress",
		kept:    "Backups that the database makes by itself are gone within 35 days, and technical logs when they reach their age. This receipt names neither you nor your account.",
		Until:   "It can be seen until",
		months:  [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		date:    "%[1]d %[2]s %[3]d, %[4]s UTC",
	},
	Spanish: {
		going:   words{"Tus datos se están borrando", "Tu solicitud ha llegado y la estamos atendiendo. No tienes que hacer nada más; esta página muestra cuándo se completa."},
		done:    words{"Tus datos se han borrado", "No tienes que hacer nada más."},
		nothing: words{"No había nada guardado", "Tu solicitud ha llegado. En ese momento no había ninguna cuenta tuya conectada aquí, así que no había nada que borrar."},
		one:     "1 cuenta: sus tokens de acceso, su perfil y su historial",
		many:    "%d cuentas: sus tokens de acceso, sus perfiles y su historial",
		Asked:   "Lo pediste", Received: "Recibido", Erased: "Borrado", Stored: "Lo que había guardado", Code: "Código de confirmación",
		pending: "en curso",
		kept:    "Las copias de seguridad que la base de datos hace por sí misma desaparecen en un plazo de 35 días, y los registros técnicos cuando cumplen su plazo. Este comprobante no te nombra ni a ti ni a tu cuenta.",
		Until:   "Se puede ver hasta el",
		months:  [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		date:    "%[1]d de %[2]s de %[3]d, %[4]s UTC",
	},
}

// A receiptTime is a time as people read it and as programs do; the first alone is
// a remark.
type receiptTime struct{ Text, Machine string }

func (w receiptWords) time(t time.Time) receiptTime {
	t = t.UTC()
	return receiptTime{fmt.Sprintf(w.date, t.Day(), w.months[t.Month()-1], t.Year(), t.Format("15:04")), t.Format(time.RFC3339)}
}

// what says what was stored.
func (w receiptWords) what(accounts int) string {
	if accounts == 1 {
		return w.one
	}
	return fmt.Sprintf(w.many, accounts)
}

// writeReceipt answers with the page of a removal. It shows when and how much, and
// neither who nor which account: whoever has the address sees it.
func writeReceipt(w http.ResponseWriter, r *http.Request, removal Removal) {
	lang := PreferredLanguage(r.Header.Get("Accept-Language"))
	text := receiptTexts[lang]
	page := map[string]any{
		"Lang": lang, "Style": template.CSS(pageStyle), // our own file
		"Words": text, "Code": removal.Code,
		"Asked": text.time(removal.RequestedAt), "Received": text.time(removal.ReceivedAt), "Until": text.time(removal.ForgetAt),
	}
	head, tone := text.going, "calm"
	switch {
	case removal.Done() && removal.Ended == 0:
		head, tone = text.nothing, "good"
	case removal.Done():
		head, tone = text.done, "good"
		page["Erased"] = text.time(removal.DoneAt)
	default:
		page["Erased"] = receiptTime{Text: text.pending}
	}
	if removal.Ended > 0 {
		page["What"], page["Kept"] = text.what(removal.Ended), text.kept
	}
	page["Title"], page["Body"], page["Tone"] = head.title, head.body, tone
	var out bytes.Buffer
	if err := receiptTemplate.Execute(&out, page); err != nil {
		http.Error(w, "page unavailable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	_, _ = w.Write(out.Bytes())
}

package igauth

import (
	"regexp"
	"testing"
)

// The same page ends flows of both logins, so that no text names Instagram as the
// place where the visitor was, unless it is about what is the same with both: the
// account, and what is set in Instagram's own app.
func TestTextsAreTrueOfBothLogins(t *testing.T) {
	// Only Instagram Login has testers that accept an invitation.
	ofInstagram := map[Code]bool{CodeNotEligible: true}
	fine := regexp.MustCompile(`Instagram accounts?|cuentas? de Instagram|Instagram (or|o) Facebook` +
		`|at Instagram \(Apps and websites\) or at Facebook|en Instagram \(Aplicaciones y sitios web\) o en Facebook` +
		`|Instagram was not connected|No se conectó Instagram` + // what was to be connected
		`|Instagram lets only Business|Instagram solo permite conectar cuentas de empresa|In the Instagram app|En la app de Instagram` +
		`|open it in Instagram|abrirla en Instagram`)
	named := regexp.MustCompile(`Instagram`)
	for code, e := range dictionary {
		for language, w := range map[Language]words{English: e.en, Spanish: e.es} {
			said := w.title + " " + w.body
			if named.MatchString(fine.ReplaceAllString(said, "")) && !ofInstagram[code] {
				t.Errorf("%s in %s names Instagram, and the visitor may have been at Facebook: %s", code, language, said)
			}
		}
	}
}

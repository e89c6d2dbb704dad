package igauth

import (
	"strconv"
	"strings"
)

// A Language is one that pages are written in.
type Language string

// The languages of the pages.
const (
	English Language = "en"
	Spanish Language = "es"
)

// PreferredLanguage returns the language that an Accept-Language header prefers
// among those of the pages, English if it names neither
// (https://www.rfc-editor.org/rfc/rfc9110#name-accept-language).
func PreferredLanguage(header string) Language {
	best, bestQuality := English, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		quality := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			var err error
			if quality, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		lang := Language(primary)
		if (lang == English || lang == Spanish) && quality > bestQuality {
			best, bestQuality = lang, quality
		}
	}
	return best
}

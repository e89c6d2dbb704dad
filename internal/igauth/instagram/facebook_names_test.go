package instagram_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"igauth/internal/igauth"
)

// The record of a flow must have room for 500 choices, in a table whose items have
// 400 KB at most
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html),
// whatever names come: those of Meta's own length stay whole.
func TestNamesOfPagesHaveALength(t *testing.T) {
	sourced(t, srcPages)
	const most = 75
	for name, char := range map[string]string{"letters": "a", "emoji": "🍰", "what JSON escapes": "<"} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"data": []any{map[string]any{
				"id": pageID, "name": strings.Repeat(char, 4000), "access_token": "EAApage",
				"instagram_business_account": map[string]string{"id": accountID, "username": strings.Repeat(char, 4000)},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			pages, _, err := newClient(t, newMeta(t, answers(http.StatusOK, string(body))).URL).Facebook.Pages(t.Context(), igauth.NewSecret(tokenText), "")
			if err != nil || len(pages) != 1 || pages[0].Name != strings.Repeat(char, most) || pages[0].Username != strings.Repeat(char, 30) {
				t.Fatalf("got %d Pages, %v: %s", len(pages), err, fmt.Sprint(pages))
			}
			p := pages[0]
			choice, err := json.Marshal(igauth.Choice{Account: "12345678901234567890", Username: p.Username, PageID: "12345678901234567890", PageName: p.Name})
			if err != nil || 500*(len(choice)+1)+16<<10 > 400*1000 {
				t.Errorf("500 choices have %d bytes, %v", 500*len(choice), err)
			}
		})
	}
}

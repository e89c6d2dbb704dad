package igauth

import (
	"strings"
	"testing"
)

// What a flow keeps fits into one item of DynamoDB, which has 400 KB at most
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html),
// whatever the accounts are called.
func TestSealedChoicesFitIntoAnItem(t *testing.T) {
	flow := FlowID(strings.Repeat("a", 32))
	for name, char := range map[string]string{"letters": "a", "emoji": "🍰", "angle brackets": "<", "quotes": `"`} {
		consent := facebookConsent{token: Token{Value: NewSecret(strings.Repeat("E", 500))}, person: "122096000000020021"}
		for range maxChoices {
			consent.choices = append(consent.choices, Choice{
				Account: "12345678901234567890", Username: strings.Repeat(char, 30), PageID: "12345678901234567890", PageName: strings.Repeat(char, 75),
			})
		}
		sealed, err := consent.sealedWith(testSeal(t, flow, "cookie", stateKey))
		if err != nil || len(sealed) > 390_000 {
			t.Errorf("%s: %d choices have %d bytes sealed, %v", name, maxChoices, len(sealed), err)
		}
		if opened, err := openConsent(sealed, testSeal(t, flow, "cookie", stateKey)); err != nil || len(opened.choices) != maxChoices || opened.choices[7] != consent.choices[7] {
			t.Errorf("%s: the choices come back as others, %v", name, err)
		}
	}
}

package igauth

import "net/http"

// Where a working token comes from, as the hints say it ([sourceStart]).
const (
	generateToken  = "Instagram > API setup with Instagram login > Generate token in Meta's dashboard"
	connectInstead = "Have the owner connect the account through the link to /authorize, or, for an account of your own, make a token with " + generateToken + "."
)

// importSection are the codes of a text that somebody brings as a token and that
// is none, or a dead one.
var importSection = section{
	title: "Importing: what is no token",
	intro: "What igauth import says of a text before Meta is asked about it. Nothing is imported, and the text is shown nowhere.",
	entries: []entry{
		{code: CodeTokenMissing, class: ClassRefused, status: http.StatusBadRequest,
			message: "There is no token",
			cause:   "The text is empty.",
			hint:    "Bring the whole token; it begins with IGAA. " + connectInstead},
		{code: CodeTokenDamaged, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is not a whole token",
			cause:   "It has characters that no token has, such as a space, a line break or dots in place of its middle.",
			hint:    "Copy the token once more, whole and on one line, from where it is stored; places that show it masked or shortened do not serve. Or make a new one with " + generateToken + "."},
		{code: CodeTokenPlaceholder, class: ClassRefused, status: http.StatusBadRequest,
			message: "This only stands in for a token",
			cause:   "The text is an example or a value that was never filled in.",
			hint:    "Put the token itself there: a setting such as YOUR_TOKEN, null or undefined was left as it was. " + connectInstead},
		{code: CodeTokenBasicDisplay, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is a token of the Instagram Basic Display API",
			cause:   "Meta shut that API down on 4 December 2024, so its tokens (IGQV…, IGQW…) are dead and cannot be renewed or exchanged.",
			hint:    "Tokens that begin with IGQV or IGQW cannot come back. The account must be a Business or Creator account now. " + connectInstead,
			sources: []string{sourceDisplay, reportDisplay}},
		{code: CodeTokenLegacy, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is a token of the first Instagram API",
			cause:   "Meta shut that API down on 29 June 2020, so its tokens (number.client.secret) are dead and cannot be renewed or exchanged.",
			hint:    "Tokens with two dots (number.client.secret) cannot come back. The account must be a Business or Creator account now. " + connectInstead,
			sources: []string{sourceLegacyAPI}},
		{code: CodeTokenFacebook, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is a token of Facebook Login",
			cause:   "It belongs to a Facebook user or Page. Instagram Login does not accept it.",
			hint:    "Tokens that begin with EAA come from Facebook Login or the Graph API Explorer; this installation has Instagram Login only, whose tokens begin with IGAA. " + connectInstead,
			sources: []string{sourceTokens, sourceOverview}},
		{code: CodeTokenIsAppSecret, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is an app secret and not a token",
			cause:   "32 hexadecimal digits are the secret of a Meta app. It opens no account.",
			hint:    "Keep the app secret to yourself; it belongs in the secret of the Meta app. " + connectInstead,
			sources: []string{sourceTokens}},
		{code: CodeTokenIsAppToken, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is the token of an app and not of an account",
			cause:   "A number, a bar and a secret are how an app speaks for itself. It opens no Instagram account.",
			hint:    "An app access token (app id|app secret) serves for the app alone; if it was shown to anybody, reset the app secret. " + connectInstead,
			sources: []string{sourceTokens}},
		{code: CodeTokenIsCode, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is an authorization code and not a token",
			cause:   "A code is what Instagram hands over before a token. It works once and within an hour, for the app that asked for it.",
			hint:    "Texts that begin with AQ, from the address of a callback, are codes. " + connectInstead,
			sources: []string{sourceLogin}},
		{code: CodeTokenIsLink, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is a link and not a token",
			cause:   "The token alone is needed, without the address around it.",
			hint:    "If the link has access_token=, the token is what follows, up to the next &. Whoever saw the link saw the token. Otherwise: " + connectInstead},
		{code: CodeTokenIsJSON, class: ClassRefused, status: http.StatusBadRequest,
			message: "This is a JSON document and not a token",
			cause:   "The token alone is needed, or the whole document as a file.",
			hint:    "The token is the value of access_token, without its quotation marks. A file with JSON is imported as it is."},
	},
}

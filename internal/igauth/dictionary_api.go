package igauth

import "net/http"

// callbackSection are the codes of the requests that Meta sends, and of the page
// of an erasure.
var callbackSection = section{
	title: "Deauthorize and data deletion",
	intro: "What is answered when Meta, or somebody else, calls the addresses that stand in Meta's dashboard.",
	entries: []entry{
		{code: CodeSignedRequest, class: ClassRefused, status: http.StatusBadRequest,
			message: "The request is not a signed request of Meta",
			cause:   "Only Meta can sign: the signature is made with an app secret. No account was looked for.",
			hint:    "POST a form with one field signed_request. If Meta's own requests are refused, the app secret here is not that of the app: igauth doctor tells.",
			checks: []string{
				"Somebody tries the address: nothing has to be done.",
				"The app secret was reset in Meta's dashboard and not here.",
				"The request is of an app whose secret is not configured: Instagram app or Meta app.",
				"Something on the way changes the body.",
			},
			sources: []string{sourceDeletion}},
		{code: CodeBodyTooLarge, class: ClassRefused, status: http.StatusRequestEntityTooLarge,
			message: "The request is too large",
			cause:   "A signed request has a few hundred bytes. What is longer than 8 KiB is not read.",
			hint:    "Nothing has to be done: it was not Meta.",
			sources: []string{sourceDeletion}},
		{code: CodeReceiptUnknown, class: ClassRefused, status: http.StatusNotFound,
			en:      words{"There is no such request", "This confirmation code is not known here, or its time is over. Check that the address is complete."},
			es:      words{"No existe esta solicitud", "Este código de confirmación no se conoce aquí o ya caducó. Comprueba que la dirección esté completa."},
			message: "The confirmation code is not known",
			cause:   "No deletion was asked for under this code, or it was more than a year ago.",
			hint:    "Receipts are kept for a year. Compare the code with the one that Meta shows.",
			sources: []string{sourceDeletion}},
	},
}

// apiSection are the codes of the API of the site's backend and of the command.
var apiSection = section{
	title: "The API and the command",
	intro: "What your backend reads as JSON, and the command prints.",
	entries: []entry{
		{code: CodeParameterInvalid, class: ClassRefused, status: http.StatusBadRequest,
			message: "A parameter is not valid",
			cause:   "A parameter is not a number, or is out of its range.",
			hint:    "limit is a number from 1 to 1000, after is the id of an account, and min_valid_seconds is a number from 0 to 5184000 (60 days)."},
		{code: CodeAccountNotFound, class: ClassRefused, status: http.StatusNotFound,
			message: "There is no such account",
			cause:   "No account with this id was connected here, or it was erased.",
			hint:    "GET /accounts and igauth accounts list all of them.",
			checks: []string{
				"The id is the app-scoped one (app_scoped_id), not that of the professional account (id).",
				"The id was read as a number: it has 17 digits, and JavaScript rounds it. Ids are text.",
				"The account was connected in another stack.",
			}},
		{code: CodeReauthRequired, class: ClassRefused, status: http.StatusConflict,
			message: "The account must be connected again",
			cause:   "The account's token is dead. last_failure of the account says why.",
			hint:    "Send its owner a link from GET /accounts/{id}/reconnect or igauth reconnect."},
		{code: CodeDisconnected, class: ClassRefused, status: http.StatusConflict, retry: true,
			en:      words{"The account was disconnected meanwhile", "While you were connecting it, somebody disconnected this account. If you want it connected, please start again."},
			es:      words{"La cuenta se desconectó mientras tanto", "Mientras la conectabas, alguien desconectó esta cuenta. Si quieres conectarla, empieza de nuevo."},
			message: "The account is disconnected",
			cause:   "It was disconnected here, by its owner through Meta, or by the command. Its token is destroyed.",
			hint:    "To connect it again, its owner needs the link to /authorize or one from GET /accounts/{id}/reconnect or igauth reconnect."},
		{code: CodeValidityShort, class: ClassRefused, status: http.StatusServiceUnavailable,
			message: "The token does not live that long",
			cause:   "The token is alive, but not for as long as min_valid_seconds asks.",
			hint:    "It is being refreshed on schedule: ask for less, or look at last_failure of the account."},
		{code: CodeAlreadyConnected, class: ClassRefused, status: http.StatusConflict,
			message: "The account has a live token already",
			cause:   "Its token is kept alive; nothing was changed.",
			hint:    "To use the imported one instead, say so with --replace."},
		{code: CodeClaimInvalid, class: ClassRefused, status: http.StatusNotFound,
			message: "The claim is unknown, used or too old",
			cause:   "A claim is redeemed once, within 60 seconds after the visitor returned.",
			hint:    "Ask for GET /accounts instead, or have the visitor connect again.",
			checks: []string{
				"The visitor reloaded your page, and the claim was redeemed the first time.",
				"Your backend redeemed it later than 60 seconds.",
				"The claim was cut off or decoded twice.",
			}},
		{code: CodeUnauthorized, class: ClassRefused, status: http.StatusUnauthorized,
			message: "The key is missing or wrong",
			cause:   "The development server gives tokens only to who has its key. (A deployed API asks for AWS credentials, and its refusals are those of API Gateway.)",
			hint:    "Send the header Authorization: Bearer with the key that igauth dev printed at start."},
	},
}

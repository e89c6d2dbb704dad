package igauth

import "net/http"

// A Code names an outcome or a failure. Codes are stable: pages, JSON errors,
// log lines and the history of an account use the same ones.
type Code string

// The codes. What each means, for whom, and what helps stands in the dictionary.
const (
	CodeConnected Code = "connected"
	CodeDenied    Code = "denied"

	// The visitor's request.
	CodeReturnURLUnknown Code = "return_url_unknown"
	CodeScopeUnknown     Code = "scope_unknown"
	CodeRequestInvalid   Code = "request_invalid"
	CodeStateInvalid     Code = "state_invalid"
	CodeStateExpired     Code = "state_expired"
	CodeCookieMissing    Code = "cookie_missing"
	CodeInProgress       Code = "in_progress"
	CodeOutcomeUnknown   Code = "outcome_unknown"
	CodeLinkInvalid      Code = "reconnect_link_invalid"
	CodeLinkExpired      Code = "reconnect_link_expired"
	CodeWrongAccount     Code = "wrong_account"
	CodeLoginUnknown     Code = "login_unknown"
	CodeLoginOff         Code = "login_not_configured"
	CodeChoiceInvalid    Code = "choice_invalid"

	// Facebook Login, between the consent and the account.
	CodeNoPage               Code = "no_facebook_page"
	CodePagesHidden          Code = "facebook_pages_hidden"
	CodePageWithoutInstagram Code = "page_without_instagram"
	CodePageRoleLost         Code = "page_role_lost"
	CodeDataAccessEnding     Code = "data_access_ending"
	CodeDataAccessExpired    Code = "data_access_expired"

	// The callbacks of Meta, and the page of an erasure.
	CodeSignedRequest  Code = "signed_request_invalid"
	CodeBodyTooLarge   Code = "request_too_large"
	CodeReceiptUnknown Code = "receipt_unknown"

	// What Meta says when an account is connected.
	CodeCodeInvalid     Code = "code_invalid"
	CodeCodeUsed        Code = "code_used"
	CodeRedirectURI     Code = "redirect_uri_mismatch"
	CodeAppID           Code = "app_id_wrong"
	CodeAppSecret       Code = "app_secret_wrong"
	CodeNotEligible     Code = "account_not_eligible"
	CodeDeveloperRole   Code = "developer_role_missing"
	CodePersonalAccount Code = "personal_account"
	CodeScopeMissing    Code = "scope_missing"
	CodeScopeRefused    Code = "scope_refused"
	CodeMetaRefused     Code = "meta_refused"

	// What Meta says about a token.
	CodeTokenExpired     Code = "token_expired"
	CodeTokenInvalid     Code = "token_invalid"
	CodeAppRemoved       Code = "app_removed"
	CodePasswordChanged  Code = "password_changed"
	CodePermissionGone   Code = "permission_gone"
	CodeCheckpoint       Code = "checkpoint"
	CodeTokenTooYoung    Code = "token_too_young"
	CodeRateLimited      Code = "rate_limited"
	CodeMetaUnavailable  Code = "meta_unavailable"
	CodeMetaUnreadable   Code = "meta_answer_unreadable"
	CodeAppMisconfigured Code = "app_misconfigured"

	// The API of the site's backend.
	CodeParameterInvalid Code = "parameter_invalid"
	CodeAccountNotFound  Code = "account_not_found"
	CodeReauthRequired   Code = "reauth_required"
	CodeDisconnected     Code = "account_disconnected"
	CodeValidityShort    Code = "validity_too_short"
	CodeAlreadyConnected Code = "account_already_connected"
	CodeClaimInvalid     Code = "claim_invalid"
	CodeUnauthorized     Code = "unauthorized"
	CodeRouteNotFound    Code = "not_found"
	CodeMethod           Code = "method_not_allowed"
	CodeUnavailable      Code = "unavailable"

	// A text that somebody brings as a token and that is none, or a dead one.
	CodeTokenMissing      Code = "token_missing"
	CodeTokenDamaged      Code = "token_damaged"
	CodeTokenPlaceholder  Code = "token_placeholder"
	CodeTokenBasicDisplay Code = "token_basic_display"
	CodeTokenLegacy       Code = "token_legacy_api"
	CodeTokenFacebook     Code = "token_facebook_login"
	CodeTokenIsAppSecret  Code = "token_is_app_secret"
	CodeTokenIsAppToken   Code = "token_is_app_token"
	CodeTokenIsCode       Code = "token_is_code"
	CodeTokenIsLink       Code = "token_is_link"
	CodeTokenIsJSON       Code = "token_is_json"

	// What Meta says, where what helps differs from that of the codes above.
	CodeConsentBlocked  Code = "consent_blocked"
	CodeUserUnconfirmed Code = "user_unconfirmed"
	CodePolicyBlock     Code = "policy_block"
	CodeAppCapability   Code = "app_capability_missing"
	CodeObjectMissing   Code = "object_missing"
	CodeAppSecretProof  Code = "appsecret_proof_wrong"
	CodeGraphVersion    Code = "graph_version_ended"
	CodeMetaRequest     Code = "meta_request_invalid"
	CodeTokenUnparsable Code = "token_not_parsable"
)

// Where a working token comes from, as the hints say it
// (https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/get-started).
const (
	generateToken  = "Instagram > API setup with Instagram login > Generate token in Meta's dashboard"
	connectInstead = "Have the owner connect the account through the link to /authorize, or, for an account of your own, make a token with " + generateToken + "."
)

// Class returns the class that the dictionary gives the code, ClassTransient
// for a code that is not in it.
func (c Code) Class() Class {
	if e, ok := dictionary[c]; ok && e.class != "" {
		return e.class
	}
	return ClassTransient
}

// HTTPStatus returns the status of an answer that reports the code.
func (c Code) HTTPStatus() int {
	if e, ok := dictionary[c]; ok && e.status != 0 {
		return e.status
	}
	return http.StatusInternalServerError
}

// Hint returns what the developer or operator can do about the code, in
// English.
func (c Code) Hint() string { return dictionary[c].hint }

// A Text is what a visitor reads about a code: what happened, and what helps.
type Text struct {
	Title string
	Body  string
	// Retry reports whether starting again can help.
	Retry bool
}

// Text returns the words for a visitor. The texts of a code that visitors do not
// meet are those of CodeUnavailable.
func (c Code) Text(lang Language) Text {
	e, ok := dictionary[c]
	if !ok || e.en.title == "" {
		e = dictionary[CodeUnavailable]
	}
	words := e.en
	if lang == Spanish {
		words = e.es
	}
	return Text{Title: words.title, Body: words.body, Retry: e.retry}
}

type words struct{ title, body string }

// entry is what is known of a code.
type entry struct {
	class  Class
	status int
	// retry says that the visitor may start again.
	retry  bool
	en, es words
	// message is the title for developers, where there is none for visitors.
	message string
	// hint is what a developer can do about it.
	hint string
}

// dictionary is the one table of codes. Messages of Meta that lead to them stand
// in the package instagram.
var dictionary = map[Code]entry{
	CodeConnected: {status: http.StatusOK,
		en: words{"Your Instagram account is connected", "You can close this page. There is nothing else to do: the connection is kept alive for you."},
		es: words{"Tu cuenta de Instagram está conectada", "Puedes cerrar esta página. No hay nada más que hacer: la conexión se mantiene activa por ti."}},
	CodeDenied: {class: ClassRefused, status: http.StatusOK, retry: true,
		en: words{"Instagram was not connected", "You chose not to give access, so nothing was connected and nothing was stored. If that was a mistake, you can start again."},
		es: words{"No se conectó Instagram", "Elegiste no dar acceso, así que no se conectó ni se guardó nada. Si fue un error, puedes empezar de nuevo."}},

	CodeReturnURLUnknown: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link is not set up correctly", "The website that sent you here asked to return to an address that is not registered. Please tell the owner of the website."},
		es:   words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió volver a una dirección que no está registrada. Avisa a quien administra el sitio."},
		hint: "return_to must be equal, byte for byte, to one of the URLs in IGAUTH_RETURN_URLS (with igauth dev: --return-url). Register the URL, or leave return_to out to use the first one."},
	CodeScopeUnknown: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link is not set up correctly", "The website that sent you here asked Instagram for a permission that does not exist. Please tell the owner of the website."},
		es:   words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió a Instagram un permiso que no existe. Avisa a quien administra el sitio."},
		hint: "scope is a comma-separated list of instagram_business_basic, instagram_business_content_publish, instagram_business_manage_comments, instagram_business_manage_messages, instagram_business_manage_insights, or of scopes listed in IGAUTH_SCOPES."},
	CodeRequestInvalid: {class: ClassRefused, status: http.StatusBadRequest, retry: true,
		en:   words{"This link cannot be read", "The address of this page is damaged or incomplete. Please start again from the website."},
		es:   words{"Este enlace no se puede leer", "La dirección de esta página está dañada o incompleta. Empieza de nuevo desde el sitio web."},
		hint: "A parameter is missing, stands twice, is too long, or contradicts another one."},
	CodeStateInvalid: {class: ClassRefused, status: http.StatusBadRequest, retry: true,
		en:   words{"This link does not belong to a connection you started", "Nothing was connected. Please start again from the website."},
		es:   words{"Este enlace no pertenece a una conexión que iniciaste", "No se conectó nada. Empieza de nuevo desde el sitio web."},
		hint: "The state was not made by this installation, was changed, or belongs to another browser. If it happens to everybody, the state key was replaced within the last hour."},
	CodeStateExpired: {class: ClassRefused, status: http.StatusBadRequest, retry: true,
		en:   words{"That took too long", "For your safety a connection must be finished within 10 minutes. Nothing was connected. Please start again."},
		es:   words{"Pasó demasiado tiempo", "Por tu seguridad, la conexión debe completarse en 10 minutos. No se conectó nada. Empieza de nuevo."},
		hint: "The visitor stayed at Instagram for more than 10 minutes."},
	CodeCookieMissing: {class: ClassRefused, status: http.StatusBadRequest, retry: true,
		en:   words{"Please continue in this browser", "Instagram returned you in another browser than the one you started in, or cookies are blocked. Nothing was connected yet. Start again here and stay in this window."},
		es:   words{"Continúa en este navegador", "Instagram te devolvió en un navegador distinto del que usaste al empezar, o las cookies están bloqueadas. Aún no se conectó nada. Empieza de nuevo aquí y quédate en esta ventana."},
		hint: "The cookie of the flow did not arrive: an in-app browser, blocked cookies, or somebody else's link. The code was not spent."},
	CodeInProgress: {class: ClassTransient, status: http.StatusAccepted,
		en:   words{"Almost done", "Your connection is being finished. This page continues by itself in a moment."},
		es:   words{"Casi listo", "Estamos terminando tu conexión. Esta página continúa sola en un momento."},
		hint: "Another request of the same browser is spending the code."},
	CodeOutcomeUnknown: {class: ClassTransient, status: http.StatusBadGateway, retry: true,
		en:   words{"We could not finish the connection", "Instagram did not answer clearly, so we do not know whether it worked. Please connect once more; it usually takes a single click."},
		es:   words{"No pudimos terminar la conexión", "Instagram no respondió con claridad, así que no sabemos si funcionó. Conecta de nuevo; suele bastar un clic."},
		hint: "The request that spends the code was sent and its answer was lost. A code is spent once, so it was not tried again."},

	CodeLinkInvalid: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link cannot be used", "It is damaged or incomplete, or it is not a link of this website. Nothing was changed. Open it once more from where you got it, whole; if that does not help, ask the website for a new link."},
		es:   words{"Este enlace no se puede usar", "Está dañado o incompleto, o no es un enlace de este sitio. No se cambió nada. Ábrelo otra vez, completo, desde donde lo recibiste; si no sirve, pide un enlace nuevo al sitio web."},
		hint: "The text of reconnect was not made by this installation for its present app, was changed, or is older than the state key. Make a new link with GET /accounts/{id}/reconnect or igauth reconnect."},
	CodeLinkExpired: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link is too old", "Links to reconnect an account work for 30 days. Nothing was changed. Ask the website for a new link."},
		es:   words{"Este enlace es demasiado antiguo", "Los enlaces para volver a conectar una cuenta sirven durante 30 días. No se cambió nada. Pide un enlace nuevo al sitio web."},
		hint: "Make a new link with GET /accounts/{id}/reconnect or igauth reconnect."},
	CodeWrongAccount: {class: ClassRefused, status: http.StatusForbidden, retry: true,
		en:   words{"That was another Instagram account", "This link connects one account, and you signed in with a different one. Nothing was connected or changed. Start again and sign in to Instagram with the right account."},
		es:   words{"Esa era otra cuenta de Instagram", "Este enlace conecta una sola cuenta y entraste con otra distinta. No se conectó ni se cambió nada. Empieza de nuevo y entra a Instagram con la cuenta correcta."},
		hint: "The visitor opened a reconnect link and signed in as another account than the link is for. To connect any account, link to /authorize without reconnect."},

	CodeLoginUnknown: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link is not set up correctly", "The website that sent you here asked for a way to log in that does not exist. Please tell the owner of the website."},
		es:   words{"Este enlace no está bien configurado", "El sitio web que te envió aquí pidió una forma de entrar que no existe. Avisa a quien administra el sitio."},
		hint: "login is instagram, which is the default, or facebook."},
	CodeLoginOff: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This link is not set up correctly", "Facebook Login is not switched on here. Please tell the owner of the website."},
		es:   words{"Este enlace no está bien configurado", "Facebook Login no está activado aquí. Avisa a quien administra el sitio."},
		hint: "Facebook Login needs the id and the secret of the Meta app: IGAUTH_META_APP_ID and IGAUTH_META_APP_SECRET_NAME, the stack's parameters MetaAppId and MetaAppSecret."},
	CodeChoiceInvalid: {class: ClassRefused, status: http.StatusBadRequest, retry: true,
		en:   words{"Please choose one of the accounts", "Nothing was connected yet. Go back and choose one of the accounts of the list."},
		es:   words{"Elige una de las cuentas", "Aún no se conectó nada. Vuelve atrás y elige una de las cuentas de la lista."},
		hint: "The account that was chosen is not among those that were offered in this flow."},

	CodeNoPage: {class: ClassNeedsUser, status: http.StatusForbidden, retry: true,
		en:   words{"Your Facebook login has no Page", "Through Facebook an Instagram account can only be connected if it is linked to a Facebook Page that you manage. Link it to one, or log in as somebody who manages its Page, and start again."},
		es:   words{"Tu cuenta de Facebook no tiene ninguna página", "A través de Facebook solo se puede conectar una cuenta de Instagram vinculada a una página que administras. Vincúlala a una, o entra como alguien que administre su página, y empieza de nuevo."},
		hint: "/me/accounts is empty although business_management was granted: the person manages no Page, or chose none in the dialog."},
	CodePagesHidden: {class: ClassMisconfigured, status: http.StatusBadGateway, retry: true,
		en:   words{"Your Facebook Pages cannot be seen", "Facebook does not show your Pages to this website. Start again and allow everything it asks for; if that does not help, tell the owner of the website."},
		es:   words{"No se pueden ver tus páginas de Facebook", "Facebook no muestra tus páginas a este sitio. Empieza de nuevo y permite todo lo que te pida; si no sirve, avisa a quien administra el sitio."},
		hint: "/me/accounts is empty, and pages_show_list or business_management was not granted: without the latter Meta hides, without an error, all Pages of a business portfolio."},
	CodePageWithoutInstagram: {class: ClassNeedsUser, status: http.StatusForbidden, retry: true,
		en:   words{"No Instagram account is linked to your Page", "Link your Instagram account to your Facebook Page (Page settings, Linked accounts), then start again."},
		es:   words{"Tu página no tiene ninguna cuenta de Instagram vinculada", "Vincula tu cuenta de Instagram a tu página de Facebook (Configuración de la página, Cuentas vinculadas) y empieza de nuevo."},
		hint: "The Pages that the person chose have no instagram_business_account: it is not linked, not professional, or the Page was not ticked in the dialog."},
	CodePageRoleLost: {class: ClassDead, status: http.StatusConflict,
		message: "The person lost their role on the Page",
		hint:    "Whoever connected the account may no longer manage its Facebook Page. Somebody who does must connect it again."},
	CodeDataAccessEnding: {class: ClassNeedsUser, status: http.StatusConflict,
		message: "Meta is about to stop showing the account's data",
		hint:    "With Facebook Login a person's consent to data lasts for 90 days from their last visit. Send them the reconnect link; nothing else prolongs it."},
	CodeDataAccessExpired: {class: ClassDead, status: http.StatusConflict,
		message: "Meta has stopped showing the account's data",
		hint:    "The person did not come back within 90 days. The account must be connected again."},

	CodeSignedRequest: {class: ClassRefused, status: http.StatusBadRequest,
		message: "The request is not a signed request of Meta",
		hint:    "POST a form with one field signed_request, signed with the secret of the Instagram app or of the Meta app. If Meta's own requests are refused, the app secret was changed: igauth doctor tells."},
	CodeBodyTooLarge: {class: ClassRefused, status: http.StatusRequestEntityTooLarge,
		message: "The request is too large",
		hint:    "A signed request has less than 8 KiB."},
	CodeReceiptUnknown: {class: ClassRefused, status: http.StatusNotFound,
		en:   words{"There is no such request", "This confirmation code is not known here, or its time is over. Check that the address is complete."},
		es:   words{"No existe esta solicitud", "Este código de confirmación no se conoce aquí o ya caducó. Comprueba que la dirección esté completa."},
		hint: "Receipts are kept for a year."},

	CodeCodeInvalid: {class: ClassRefused, status: http.StatusBadGateway, retry: true,
		en:   words{"Instagram did not accept this connection", "The permission you gave has expired or cannot be used. Please start again."},
		es:   words{"Instagram no aceptó esta conexión", "El permiso que diste caducó o no se puede usar. Empieza de nuevo."},
		hint: "Meta does not know the code or it is older than an hour."},
	CodeCodeUsed: {class: ClassRefused, status: http.StatusBadGateway, retry: true,
		en:   words{"This permission was already used", "Instagram gives each permission once. Please start again."},
		es:   words{"Este permiso ya se usó", "Instagram entrega cada permiso una sola vez. Empieza de nuevo."},
		hint: "Something else spent the code first: a proxy that follows redirects, or a link scanner."},
	CodeRedirectURI: {class: ClassMisconfigured, status: http.StatusBadGateway,
		en:   words{"The connection is not set up correctly", "Instagram refused this website's settings. It is not your fault. Please tell the owner of the website."},
		es:   words{"La conexión no está bien configurada", "Instagram rechazó la configuración de este sitio. No es culpa tuya. Avisa a quien administra el sitio."},
		hint: "Compare IGAUTH_PUBLIC_URL + /callback byte for byte with the OAuth redirect URIs in Meta's dashboard (Instagram > API setup with Instagram login > Business login settings); mind a trailing slash. Meta gives the same answer for a code older than an hour and for a wrong app secret."},
	CodeAppID: {class: ClassMisconfigured, status: http.StatusBadGateway,
		en:   words{"The connection is not set up correctly", "Instagram does not know this website's app. It is not your fault. Please tell the owner of the website."},
		es:   words{"La conexión no está bien configurada", "Instagram no reconoce la aplicación de este sitio. No es culpa tuya. Avisa a quien administra el sitio."},
		hint: "IGAUTH_APP_ID must be the Instagram app id (Instagram > API setup with Instagram login), not the Meta app id at the top of the dashboard, and the Instagram product must be added to the app."},
	CodeAppSecret: {class: ClassMisconfigured, status: http.StatusBadGateway,
		en:   words{"The connection is not set up correctly", "Instagram refused this website's credentials. It is not your fault. Please tell the owner of the website."},
		es:   words{"La conexión no está bien configurada", "Instagram rechazó las credenciales de este sitio. No es culpa tuya. Avisa a quien administra el sitio."},
		hint: "The app secret is wrong: use the Instagram app secret that stands next to the Instagram app id, 32 hexadecimal digits, without stray characters."},
	CodeNotEligible: {class: ClassMisconfigured, status: http.StatusBadGateway, retry: true,
		en:   words{"Instagram does not let this account connect yet", "Most often an invitation is still waiting: open Instagram on the web, Settings, Apps and websites, Tester invites, and accept it. Then start again."},
		es:   words{"Instagram aún no permite conectar esta cuenta", "Lo más habitual es que falte aceptar una invitación: abre Instagram en la web, Configuración, Aplicaciones y sitios web, Invitaciones para probar, y acéptala. Después empieza de nuevo."},
		hint: "Meta answered \"Unsupported request - method type: get\". In order of likelihood: the Instagram tester has not accepted the invitation; the app is in development mode and the account has no role; the token is of a retired family (Basic Display). It is not about the HTTP method."},
	CodeDeveloperRole: {class: ClassMisconfigured, status: http.StatusForbidden,
		en:   words{"This account is not invited yet", "The website's Instagram app is still in testing and only invited accounts can connect. Please tell the owner of the website."},
		es:   words{"Esta cuenta aún no está invitada", "La aplicación de Instagram de este sitio sigue en pruebas y solo pueden conectarse cuentas invitadas. Avisa a quien administra el sitio."},
		hint: "Insufficient developer role: add the account as Instagram Tester (App roles > Roles) and have it accept at instagram.com/accounts/manage_access, or obtain Advanced Access."},
	CodePersonalAccount: {class: ClassNeedsUser, status: http.StatusForbidden, retry: true,
		en:   words{"This needs a professional account", "Instagram lets only Business and Creator accounts connect. In the Instagram app open Settings, Account type and tools, Switch to professional account (it is free), then start again."},
		es:   words{"Se necesita una cuenta profesional", "Instagram solo permite conectar cuentas de empresa y de creador. En la app de Instagram abre Configuración, Tipo de cuenta y herramientas, Cambiar a cuenta profesional (es gratis) y empieza de nuevo."},
		hint: "The account is personal; the Instagram API has no access to personal accounts."},
	CodeScopeMissing: {class: ClassNeedsUser, status: http.StatusForbidden, retry: true,
		en:   words{"A permission is missing", "Without the basic permission nothing can be connected. Please start again and leave it switched on."},
		es:   words{"Falta un permiso", "Sin el permiso básico no se puede conectar nada. Empieza de nuevo y déjalo activado."},
		hint: "instagram_business_basic was not granted; Meta does not refresh tokens without it."},
	CodeScopeRefused: {class: ClassMisconfigured, status: http.StatusBadGateway,
		en:   words{"The connection is not set up correctly", "Instagram refused a permission that this website asks for. Please tell the owner of the website."},
		es:   words{"La conexión no está bien configurada", "Instagram rechazó un permiso que pide este sitio. Avisa a quien administra el sitio."},
		hint: "A scope in IGAUTH_SCOPES is retired or belongs to Facebook Login: those of Instagram Login begin with instagram_business_."},
	CodeMetaRefused: {class: ClassTransient, status: http.StatusBadGateway, retry: true,
		en:   words{"Instagram did not accept this connection", "Nothing was connected. Please start again in a moment; if it happens again, tell the owner of the website."},
		es:   words{"Instagram no aceptó esta conexión", "No se conectó nada. Empieza de nuevo en un momento; si vuelve a pasar, avisa a quien administra el sitio."},
		hint: "Meta refused with a message that the dictionary does not know; the log line has its numbers."},

	CodeTokenExpired: {class: ClassDead, status: http.StatusConflict,
		message: "The token has expired",
		hint:    "The token lived for 60 days without a refresh. The account must be connected again."},
	CodeTokenInvalid: {class: ClassDead, status: http.StatusConflict,
		message: "The token is no longer valid",
		hint:    "Meta says that the token is invalid. The account must be connected again."},
	CodeAppRemoved: {class: ClassDead, status: http.StatusConflict,
		message: "The owner removed the app",
		hint:    "The owner removed the app in Instagram's settings. The account must be connected again."},
	CodePasswordChanged: {class: ClassDead, status: http.StatusConflict,
		message: "The owner changed the password",
		hint:    "The owner changed the password, or Meta ended the session for security reasons. The account must be connected again."},
	CodePermissionGone: {class: ClassNeedsUser, status: http.StatusConflict,
		message: "A permission was withdrawn",
		hint:    "Meta says that a permission is missing: the owner withdrew it, or the app lost it in App Review. If it is one account, its owner must connect again."},
	CodeCheckpoint: {class: ClassNeedsUser, status: http.StatusConflict,
		en:   words{"Instagram wants to speak to you first", "Open Instagram, log in, and follow what it asks. Then start again here."},
		es:   words{"Instagram necesita que hagas algo antes", "Abre Instagram, inicia sesión y sigue lo que te pida. Después empieza de nuevo aquí."},
		hint: "The account is at a checkpoint: its owner must log in at Instagram and confirm. The token may still be fine."},
	CodeTokenTooYoung: {class: ClassTooYoung, status: http.StatusConflict,
		message: "The token is too young to be refreshed",
		hint:    "Meta refreshes tokens that are at least 24 hours old. It is tried again later."},
	CodeRateLimited: {class: ClassThrottled, status: http.StatusServiceUnavailable, retry: true,
		en:   words{"Instagram is busy", "Too many requests at this moment. Nothing was connected. Please try again in a few minutes."},
		es:   words{"Instagram está ocupado", "Hay demasiadas solicitudes en este momento. No se conectó nada. Inténtalo de nuevo en unos minutos."},
		hint: "Meta's rate limit was reached; calls are delayed."},
	CodeMetaUnavailable: {class: ClassTransient, status: http.StatusBadGateway, retry: true,
		en:   words{"Instagram does not answer", "Instagram has a problem at this moment. Nothing was connected. Please try again in a few minutes."},
		es:   words{"Instagram no responde", "Instagram tiene un problema en este momento. No se conectó nada. Inténtalo de nuevo en unos minutos."},
		hint: "Meta could not be reached or answered with an error of its own."},
	CodeMetaUnreadable: {class: ClassTransient, status: http.StatusBadGateway, retry: true,
		en:   words{"Instagram does not answer as expected", "Nothing was connected. Please try again in a few minutes."},
		es:   words{"Instagram no responde como se esperaba", "No se conectó nada. Inténtalo de nuevo en unos minutos."},
		hint: "Meta's answer was not JSON, not complete, or without a plausible token. It was discarded and nothing was replaced."},
	CodeAppMisconfigured: {class: ClassMisconfigured, status: http.StatusBadGateway,
		en:   words{"The connection is not set up correctly", "Instagram refused this website's app. It is not your fault. Please tell the owner of the website."},
		es:   words{"La conexión no está bien configurada", "Instagram rechazó la aplicación de este sitio. No es culpa tuya. Avisa a quien administra el sitio."},
		hint: "Meta refuses the app itself: disabled, without the product, or without the permission. Look at the alerts in Meta's dashboard."},

	CodeParameterInvalid: {class: ClassRefused, status: http.StatusBadRequest,
		message: "A parameter is not valid",
		hint:    "limit is a number from 1 to 1000, after is the id of an account, and min_valid_seconds is a number from 0 to 5184000 (60 days)."},
	CodeAccountNotFound: {class: ClassRefused, status: http.StatusNotFound,
		message: "There is no such account",
		hint:    "No account with this id was connected here. GET /accounts lists them."},
	CodeReauthRequired: {class: ClassRefused, status: http.StatusConflict,
		message: "The account must be connected again",
		hint:    "The account's token is dead. Send its owner a link from GET /accounts/{id}/reconnect or igauth reconnect."},
	CodeDisconnected: {class: ClassRefused, status: http.StatusConflict, retry: true,
		message: "The account is disconnected",
		en:      words{"The account was disconnected meanwhile", "While you were connecting it, somebody disconnected this account. If you want it connected, please start again."},
		es:      words{"La cuenta se desconectó mientras tanto", "Mientras la conectabas, alguien desconectó esta cuenta. Si quieres conectarla, empieza de nuevo."},
		hint:    "The account was disconnected. To connect it again, its owner needs the link to /authorize or one from GET /accounts/{id}/reconnect or igauth reconnect."},
	CodeValidityShort: {class: ClassRefused, status: http.StatusServiceUnavailable,
		message: "The token does not live that long",
		hint:    "The token is alive, but not for as long as min_valid_seconds asks. It is being refreshed on schedule; ask for less, or look at the account's last failure."},
	CodeAlreadyConnected: {class: ClassRefused, status: http.StatusConflict,
		message: "The account has a live token already",
		hint:    "Its token is kept alive; nothing was changed. To use the imported one instead, say so with --replace.",
	},
	CodeClaimInvalid: {class: ClassRefused, status: http.StatusNotFound,
		message: "The claim is unknown, used or too old",
		hint:    "A claim is redeemed once, within 60 seconds after the visitor returned. Ask for GET /accounts instead, or have the visitor connect again."},
	CodeUnauthorized: {class: ClassRefused, status: http.StatusUnauthorized,
		message: "The key is missing or wrong",
		hint:    "Send the header Authorization: Bearer with the key that igauth dev printed at start."},
	CodeRouteNotFound: {class: ClassRefused, status: http.StatusNotFound,
		en:   words{"There is nothing here", "This address does not exist. Please start again from the website."},
		es:   words{"Aquí no hay nada", "Esta dirección no existe. Empieza de nuevo desde el sitio web."},
		hint: "The README lists the paths."},
	CodeMethod: {class: ClassRefused, status: http.StatusMethodNotAllowed,
		en:   words{"This address cannot be used like this", "Please start again from the website."},
		es:   words{"Esta dirección no se puede usar así", "Empieza de nuevo desde el sitio web."},
		hint: "The README lists the methods of each path."},
	CodeUnavailable: {class: ClassTransient, status: http.StatusInternalServerError, retry: true,
		en:   words{"Something went wrong on our side", "Nothing is lost. Please try again in a moment; if it happens again, tell the owner of the website."},
		es:   words{"Algo falló de nuestro lado", "No se perdió nada. Inténtalo de nuevo en un momento; si vuelve a pasar, avisa a quien administra el sitio."},
		hint: "A store or a key could not be reached. The log has the cause; no account was changed."},

	CodeTokenMissing: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"There is no token", "The text is empty. Nothing was imported."},
		es:   words{"No hay ningún token", "El texto está vacío. No se importó nada."},
		hint: "Bring the whole token; it begins with IGAA. " + connectInstead},
	CodeTokenDamaged: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is not a whole token", "It has characters that no token has, such as a space, a line break or dots in place of its middle. Nothing was imported."},
		es:   words{"Este no es un token completo", "Tiene caracteres que ningún token tiene, como un espacio, un salto de línea o puntos en lugar de la parte central. No se importó nada."},
		hint: "Copy the token once more, whole and on one line, from where it is stored; places that show it masked or shortened do not serve. Or make a new one with " + generateToken + "."},
	CodeTokenPlaceholder: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This only stands in for a token", "The text is an example or a value that was never filled in. Nothing was imported."},
		es:   words{"Esto solo ocupa el lugar de un token", "El texto es un ejemplo o un valor que nunca se completó. No se importó nada."},
		hint: "Put the token itself there: a setting such as YOUR_TOKEN, null or undefined was left as it was. " + connectInstead},
	CodeTokenBasicDisplay: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is a token of the Instagram Basic Display API", "Meta shut that API down on 4 December 2024, so its tokens are dead and cannot be renewed or exchanged. The account must be connected again."},
		es:   words{"Este es un token de la API de visualización básica de Instagram", "Meta cerró esa API el 4 de diciembre de 2024, así que sus tokens ya no funcionan y no se pueden renovar ni cambiar. Hay que conectar la cuenta de nuevo."},
		hint: "Tokens that begin with IGQV or IGQW cannot come back. The account must be a Business or Creator account now. " + connectInstead},
	CodeTokenLegacy: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is a token of the first Instagram API", "Meta shut that API down in June 2020, so its tokens are dead and cannot be renewed or exchanged. The account must be connected again."},
		es:   words{"Este es un token de la primera API de Instagram", "Meta cerró esa API en junio de 2020, así que sus tokens ya no funcionan y no se pueden renovar ni cambiar. Hay que conectar la cuenta de nuevo."},
		hint: "Tokens with two dots (number.client.secret) cannot come back. The account must be a Business or Creator account now. " + connectInstead},
	CodeTokenFacebook: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is a token of Facebook Login", "It belongs to a Facebook user or Page. Instagram Login, which is used here, does not accept it. Nothing was imported."},
		es:   words{"Este es un token de Facebook Login", "Pertenece a una persona o página de Facebook. Instagram Login, que es lo que se usa aquí, no lo acepta. No se importó nada."},
		hint: "Tokens that begin with EAA come from Facebook Login or the Graph API Explorer; this installation has Instagram Login only, whose tokens begin with IGAA. " + connectInstead},
	CodeTokenIsAppSecret: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is an app secret and not a token", "32 hexadecimal digits are the secret of a Meta app. It opens no account. Nothing was imported."},
		es:   words{"Esto es la clave secreta de una app y no un token", "32 dígitos hexadecimales son la clave secreta de una app de Meta. No da acceso a ninguna cuenta. No se importó nada."},
		hint: "Keep the app secret to yourself; it belongs in the secret of the Meta app. " + connectInstead},
	CodeTokenIsAppToken: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is the token of an app and not of an account", "A number, a bar and a secret are how an app speaks for itself. It opens no Instagram account. Nothing was imported."},
		es:   words{"Este es el token de una app y no de una cuenta", "Un número, una barra y una clave es como una app habla por sí misma. No da acceso a ninguna cuenta de Instagram. No se importó nada."},
		hint: "An app access token (app id|app secret) serves for the app alone; if it was shown to anybody, reset the app secret. " + connectInstead},
	CodeTokenIsCode: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is an authorization code and not a token", "A code is what Instagram hands over before a token. It works once and within an hour, for the app that asked for it. Nothing was imported."},
		es:   words{"Esto es un código de autorización y no un token", "Un código es lo que Instagram entrega antes del token. Sirve una sola vez, durante una hora y para la app que lo pidió. No se importó nada."},
		hint: "Texts that begin with AQ, from the address of a callback, are codes. " + connectInstead},
	CodeTokenIsLink: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is a link and not a token", "Bring the token alone, without the address around it. Nothing was imported."},
		es:   words{"Esto es un enlace y no un token", "Trae solo el token, sin la dirección que lo rodea. No se importó nada."},
		hint: "If the link has access_token=, the token is what follows, up to the next &. Whoever saw the link saw the token. Otherwise: " + connectInstead},
	CodeTokenIsJSON: {class: ClassRefused, status: http.StatusBadRequest,
		en:   words{"This is a JSON document and not a token", "Bring the token alone, or the whole document as a file. Nothing was imported."},
		es:   words{"Esto es un documento JSON y no un token", "Trae solo el token, o el documento completo como archivo. No se importó nada."},
		hint: "The token is the value of access_token, without its quotation marks. A file with JSON is imported as it is."},

	CodeConsentBlocked:  {class: ClassDead, status: http.StatusConflict, message: "Meta blocks the consent", hint: "The account must be connected again."},
	CodeUserUnconfirmed: {class: ClassNeedsUser, status: http.StatusConflict, message: "The owner has not confirmed the login", hint: "The owner must log in and confirm."},
	CodePolicyBlock:     {class: ClassThrottled, status: http.StatusServiceUnavailable, message: "Meta blocks for reasons of policy", hint: "Wait; look at the alerts in Meta's dashboard."},
	CodeAppCapability:   {class: ClassMisconfigured, status: http.StatusBadGateway, message: "The Meta app may not do this", hint: "The app lacks a product, a permission or an access level."},
	CodeObjectMissing:   {class: ClassNeedsUser, status: http.StatusConflict, message: "What was asked for is not there, or may not be seen", hint: "The account or the Page is gone, or the person lost access to it."},
	CodeAppSecretProof:  {class: ClassMisconfigured, status: http.StatusBadGateway, message: "The proof of the app secret is missing or wrong", hint: "The app secret does not belong to the app of the token."},
	CodeGraphVersion:    {class: ClassMisconfigured, status: http.StatusBadGateway, message: "The Graph version has ended", hint: "Update igauth."},
	CodeMetaRequest:     {class: ClassTransient, status: http.StatusBadGateway, message: "Meta did not understand our request", hint: "Update igauth, or report it."},
	CodeTokenUnparsable: {class: ClassDead, status: http.StatusConflict, message: "Meta cannot read the token", hint: "The token is cut off, or of another kind."},
}

// Message returns what the code means, in one English sentence.
func (c Code) Message() string {
	e, ok := dictionary[c]
	if !ok {
		e = dictionary[CodeUnavailable]
	}
	if e.message != "" {
		return e.message
	}
	return e.en.title
}

"""Japanese for what is said about exchanges."""

EXCHANGES: dict[str, str] = {
    "'own': an address of this wallet. Another one must be in its policy.": (
        "own はこのウォレット自身のアドレスです。ほかのアドレスはポリシーに載っている必要があります。"
    ),
    "A buy at any price: how much money it spends.": "成行の買いで使う金額です。",
    "Accounts at exchanges: trade there, and bring home what is yours.": (
        "取引所の口座です。そこで取引し、自分のものを持ち帰ります。"
    ),
    "As the exchange calls it.": "取引所での呼び名です。",
    "Ask the exchange what ACCOUNT's key may do there. The least is best.": (
        "ACCOUNT の鍵に何が許されているかを取引所に尋ねます。少ないほど安全です。"
    ),
    "Asset": "資産",
    "Bound to IP addresses": "IP アドレスの限定",
    "Bring AMOUNT of ASSET home from ACCOUNT, or to an address that the wallet's policy names.": (
        "ACCOUNT から AMOUNT の ASSET を持ち帰るか、ポリシーに載ったアドレスへ送ります。"
    ),
    "Buy at the exchange: what PAIR names first, paid in what it names second.": (
        "取引所で買います。PAIR の前のものを、後のもので払います。"
    ),
    "Cancel what is open of it?": "未約定の分を取り消しますか",
    "Credentials are in the devices alone. What is asked and answered passes the service sealed.": (
        "認証情報は端末の中にだけあります。問いと答えは封をしたままサービスを通ります。"
    ),
    "ES256 key, whole in one device": "ES256 の鍵（一台の端末に丸ごと）",
    "Ed25519 key, born in the devices": "Ed25519 の鍵（端末の中で分かれて生まれたもの）",
    "Ed25519 key, split over the devices": "Ed25519 の鍵（端末に分けたもの）",
    "Every device judges the address by itself: it is the wallet's own, or in the policy, or nothing is signed.": (
        "アドレスは各端末が自分で審査します。ウォレット自身のものかポリシーにあるもの以外には、何も署名しません。"
    ),
    "Fees": "手数料",
    "Filled": "約定",
    "For": "金額",
    "Forget it?": "忘れさせますか",
    "Gives at most": "手放す上限",
    "Have the devices forget ACCOUNT and its credential. What you have at the exchange stays there.": (
        "ACCOUNT とその認証情報を端末に忘れさせます。取引所にあるものはそのまま残ります。"
    ),
    "How far it is: warifu exchange status {wallet} {account} {identifier}": (
        "進み具合: warifu exchange status {wallet} {account} {identifier}"
    ),
    "How much of what is traded.": "売り買いするものの量です。",
    "Identifier": "識別子",
    "Kind": "種類",
    "Least amount": "最小の金額",
    "Least size": "最小の数量",
    "Lifetime": "有効期間",
    "List WALLET's accounts at exchanges, as its connected devices tell: who has a part of each, and who has not.": (
        "WALLET が取引所に持つ口座を、つながっている端末の言うとおりに並べます。"
        "どの端末が持ち、どれが持たないかも見せます。"
    ),
    "Memo": "メモ",
    "a visit with {account} is not at home: it will not come by itself": (
        "{account}への一時預けがまだ戻っていません。自動では戻らなくなります"
    ),
    "By the service's word no device has it any more. Revoke it at the exchange, too.": (
        "サービスによれば、どの端末にももうありません。取引所でも鍵を無効にしてください。"
    ),
    "Nothing is asked of the exchange: 'warifu exchange status' does.": (
        "取引所には何も尋ねません。尋ねるのは warifu exchange status です。"
    ),
    "Nothing was placed.": "何も発注していません。",
    "Order": "注文",
    "Pair": "通貨ペア",
    "Place this order?": "この注文を出しますか",
    "Price": "価格",
    "Reads": "読み取り",
    "Refuse the order rather than take what is offered.": "板にあるものを取るくらいなら、注文を断ります。",
    "Revoke the key at the exchange, too: whoever copied it before could still use it.": (
        "取引所でも鍵を失効させてください。前に写し取った者がいれば、まだ使えてしまいます。"
    ),
    "SIMULATION": "模擬",
    "Say that there is none, where the network knows memos.": (
        "メモを使うネットワークで、メモがないことを明言します。"
    ),
    "Sell at the exchange: what PAIR names first, for what it names second.": (
        "取引所で売ります。PAIR の前のものを、後のものと引き換えます。"
    ),
    "Show the order as it fits the market, and what each device says of it; place nothing.": (
        "市場の刻みに合わせた注文と、各端末の判断を見せるだけで、発注しません。"
    ),
    "Show what each device says of it; withdraw nothing.": "各端末の判断を見せるだけで、出金しません。",
    "the devices judge it": "端末が判断しています",
    "Nothing was withdrawn.": "何も出金していません。",
    "Show the steps and bounds of PAIR at the exchange, such as BTC-USD.": (
        "取引所での PAIR（たとえば BTC-USD）の刻みと限度を見せます。"
    ),
    "Show what ACCOUNT of WALLET has at the exchange.": "WALLET の ACCOUNT が取引所に持つものを見せます。",
    "Show where ASSET is to be sent so that ACCOUNT is credited, as one device was told it over its own TLS.": (
        "ACCOUNT に入金するための ASSET の送り先を見せます。一台の端末が自分の TLS で聞いたものです。"
    ),
    "Size": "数量",
    "State": "状態",
    "Step of the price": "価格の刻み",
    "Step of the size": "数量の刻み",
    "Stop price": "逆指値",
    "Take back what is still open of the order with this IDENTIFIER. What was traded stays traded.": (
        "この IDENTIFIER の注文の未約定分を取り消します。約定した分は元に戻りません。"
    ),
    "The devices forget the key of {account}; nothing moves at the exchange.": (
        "端末が {account} の鍵を忘れます。取引所では何も動きません。"
    ),
    "The exchange does not know it now. What was sent may still be under way: ask again in ten minutes.": (
        "取引所は今のところ知りません。送ったものがまだ途中かもしれません。十分後にもう一度尋ねてください。"
    ),
    "The exchange does not know it, and it can not come any more: it never happened.": (
        "取引所は知らず、これから届くこともありません。起こらなかったということです。"
    ),
    "The exchange says no or gives no answer, or what it did is not known.": (
        "取引所が断ったか、答えがないか、何をしたかわかりません。"
    ),
    "The file with the key that the exchange's portal handed out.": "取引所のポータルが出した鍵のファイルです。",
    "The worst price for one of what is traded.": "一単位あたりの、許せる最も不利な価格です。",
    "This exchange does not say what a key may do: look at it on its site.": (
        "この取引所は鍵の権限を答えません。取引所のサイトで確かめてください。"
    ),
    "Trades": "取引",
    "Until cancelled, immediate or cancel, whole or none.": (
        "gtc は取り消すまで、ioc は即時約定分だけ、fok は全部か無しかです。"
    ),
    "Wait until the price is there; needs --limit.": "価格がそこに届くまで待ちます。--limit が必要です。",
    "What the receiver wants with it.": "受け取り側が求めるメモです。",
    "Which exchange.": "どの取引所か。",
    "Withdraw": "出金",
    "Withdraw this?": "出金しますか",
    "Withdraws": "出金の権限",
    "an account marked SIMULATION is no exchange: there is no money": (
        "「模擬」とある口座は取引所ではなく、お金はありません"
    ),
    "and the fees of the exchange": "と取引所の手数料",
    "another address: the wallet's policy must name it": "別のアドレス（ポリシーに載っている必要があります）",
    "asset": "資産",
    "buy": "買い",
    "cancel-only": "取り消しだけ",
    "cancelled": "取り消し済み",
    "closed": "停止中",
    "exchange": "取引所",
    "expired": "期限切れ",
    "failed": "失敗",
    "filled": "約定済み",
    "free>": "使える分>",
    "held>": "拘束分>",
    "identifier": "識別子",
    "immediate": "即時約定分だけ",
    "its API key is missing: warifu exchange finish": "API キーがまだです: warifu exchange finish",
    "key": "鍵",
    "limit-only": "指値だけ",
    "market": "成行",
    "pending": "処理中",
    "post-only": "板に置く注文だけ",
    "ready": "使えます",
    "rejected": "拒否",
    "secret, whole in one device": "秘密の値（一台の端末に丸ごと）",
    "sell": "売り",
    "sent": "送信済み",
    "stop-limit": "逆指値の指値",
    "the devices ask the exchange": "端末が取引所に尋ねています",
    "the exchange does not say": "取引所は答えません",
    "the key is taken from any address: bind it to the service's, if that one is fixed": (
        "この鍵はどの IP アドレスからでも使えます。サービスのアドレスが固定なら、それに限定してください"
    ),
    "the key may not even read: give it the permission to view": (
        "読み取りも許されていない鍵です。閲覧の権限を与えてください"
    ),
    "the key may withdraw. Turn on the exchange's own list of withdrawal addresses, with this wallet's "
    "addresses alone: what a device was made to sign could go nowhere else.": (
        "出金できる鍵です。取引所の出金先リストを有効にし、このウォレットのアドレスだけを載せてください。"
        "端末がだまされて署名しても、ほかへは行けなくなります。"
    ),
    "away: {names}": "不在: {names}",
    "incomplete": "不完全",
    "these devices are away and still have it: {names}. They forget it when they come, within a day; after that run "
    "this again.": (
        "次の端末は不在で、まだ持っています: {names}。一日以内につながれば忘れます。その後はもう一度実行してください。"
    ),
    "without it: {names}": "持たない端末: {names}",
    "accounts at exchanges that were removed since that disk are on it again, and those that were added since are not: "
    "warifu exchange list {wallet}": (
        "そのディスクより後に除いた取引所の口座はまた載っていて、後に加えたものは載っていません: "
        "warifu exchange list {wallet}"
    ),
    "{account}: {names} have no part of it. Its key cannot be completed, and takes another in its place: warifu "
    "exchange rotate {wallet} {account}. If it was removed before: warifu exchange remove {wallet} {account}": (
        "{account}: {names} は持っていません。鍵は補えず、別の鍵に替えます: warifu exchange rotate {wallet} {account}。"
        "前に除いたものなら: warifu exchange remove {wallet} {account}"
    ),
    "{account}: {names} have no share of its key. Do not register it yet: warifu exchange add {wallet} {account} "
    "--exchange {exchange}": (
        "{account}: {names} は鍵の分け前を持っていません。まだ登録しないでください: "
        "warifu exchange add {wallet} {account} --exchange {exchange}"
    ),
    "this wallet's own address": "このウォレット自身のアドレス",
    "whole-or-none": "全部か無しか",
    "{account} is a SIMULATION: no exchange, no money.": "{account} は模擬です。取引所ではなく、お金はありません。",
    "{count} calls are not compared yet": "{count} 件の照合がまだです",
    "its own list of addresses": "取引所の出金先リスト",
    "on, as the owner declares": "有効（所有者の申告）",
    # --- adding ----------------------------------------------------------------------------------------------------
    "A Coinbase key of the kind Ed25519 is split over all devices; a secret or a key of the kind ECDSA cannot be, and "
    "is kept by one of them. For Binance the devices make a key that is never whole anywhere: you register its public "
    "half there, and bring the API key that Binance gives ('warifu exchange finish'). Broken off, the same command "
    "goes on, and says where it stands.": (
        "Coinbase の Ed25519 の鍵は、すべての端末に分けて持ちます。"
        "秘密の値や ECDSA の鍵は分けられないので、一台が持ちます。"
        "Binance では、どこにも丸ごとは存在しない鍵を端末が作ります。公開鍵を Binance に登録し、もらった API キーを "
        "warifu exchange finish で渡してください。"
        "途中で切れたら、同じコマンドが続きを行い、どこまで進んだかを言います。"
    ),
    "A key was asked for before, and nothing came of it: {why}": (
        "前に頼まれた鍵は、できませんでした: {why}"
    ),
    "JSON in the exchange's own form: who is paid, where it has to ask that.": (
        "取引所の書式による JSON。受取人を尋ねなければならない取引所に、だれに払うかを伝えます。"
    ),
    "the devices keep who is paid for what they bring home by themselves; this withdrawal does not say it, and the "
    "exchange may refuse it (--travel-rule FILE says it)": (
        "端末が保管している受取人の申告は、端末が自分で持ち帰る出金にだけ使われます。この出金には入らないので、"
        "取引所に断られるかもしれません（--travel-rule FILE で伝えられます）"
    ),
    "What the devices keep of who is paid ('warifu exchange travel-rule') goes into what they bring home by themselves "
    "alone. Say it here with --travel-rule: it goes inside of the sealed call, which the service cannot read, and "
    "stays in no file of this client but the one that other owners need (--out).": (
        "端末が保管している受取人の申告（'warifu exchange travel-rule'）は、端末が自分で持ち帰る出金にだけ使われます。"
        "ここでは --travel-rule で伝えてください。サービスには読めない封の中に入り、このクライアントには、"
        "ほかの所有者に渡すファイル（--out）のほかに残りません。"
    ),
    "these messages stand; what came between the last of them and the next watch is lost: neither the device nor the "
    "service keeps it, and the exchange's feed does not say it again": (
        "ここまでの知らせは確かなものです。その後、次に見始めるまでのものは失われました。"
        "端末にもサービスにも残らず、取引所がもう一度流すこともありません"
    ),
    "The devices have made this key already.": "端末はこの鍵をすでに作ってあります。",
    "Until then the old key stays in force: do not revoke it before.": (
        "それまでは古い鍵が有効です。先に失効させないでください。"
    ),
    "a visit with {account} is not at home: it goes on with the old key until 'exchange finish', ends then, and comes "
    "home by the new one": (
        "{account} での一時預けがまだ帰っていません。'exchange finish' までは古い鍵で続き、"
        "そこで終わって、新しい鍵で帰ってきます"
    ),
    "these devices have not switched to it yet: {names}. They are brought to it as soon as all are connected; until "
    "then t devices may be missing for a call.": (
        "まだ新しい鍵に切り替わっていない端末: {names}。すべての端末がつながり次第、切り替わります。"
        "それまでは、呼び出しに必要な t 台がそろわないことがあります。"
    ),
    "another key takes its place as soon as all devices are there": "すべての端末がそろい次第、別の鍵に切り替わります",
    "another key waits for its API key: warifu exchange finish": (
        "別の鍵が API キーを待っています: warifu exchange finish"
    ),
    "all devices of the wallet generate another key, to take the place of its own": (
        "ウォレットのすべての端末が、今の鍵に代わる別の鍵を生成します"
    ),
    "have their part: {having}. Have none: {lacking}.": "持っている端末: {having}。持っていない端末: {lacking}。",
    "Give WALLET's devices another key in the place of ACCOUNT's: the old one is revoked, lost, or has expired.": (
        "ACCOUNT の鍵の代わりに、別の鍵を WALLET の端末に渡します。"
        "古い鍵が失効した、失われた、期限が切れたときに使います。"
    ),
    "Its key was split once, and a second split does not fit to it: 'warifu exchange rotate' takes it from all, and "
    "splits it anew.": (
        "鍵は一度だけ分けられ、分け直したものとは合いません。"
        "warifu exchange rotate がすべての端末から除き、新しく分けます。"
    ),
    "Revoke the old key at the exchange: whoever copied it before could still use it.": (
        "取引所で古い鍵を無効にしてください。前に写した者は、まだ使えるかもしれません。"
    ),
    "The devices forget the old key only when the new one is ready for them. A visit with ACCOUNT ends then: nothing "
    "more is brought there, and what is there comes home by the new key. Revoke the old one at the exchange.": (
        "端末が古い鍵を忘れるのは、新しい鍵の用意ができてからです。ACCOUNT での一時預けはそのとき終わります。"
        "もう何も運ばれず、そこにあるものは新しい鍵で帰ってきます。取引所で古い鍵を無効にしてください。"
    ),
    "A key that the devices make themselves (Binance) has to be registered first: until 'warifu exchange finish' the "
    "old one stays in force. Broken off, the same command goes on.": (
        "端末が自分で作る鍵（Binance）は、先に登録が要ります。'warifu exchange finish' までは古い鍵が有効です。"
        "途中で切れたときは、同じコマンドが続きから進めます。"
    ),
    "The devices have forgotten the old key.": "端末は古い鍵を忘れました。",
    "a visit with {account} is not at home: it ends, and comes home by the new key within ten minutes of that (at "
    "once: warifu visit sweep {wallet})": (
        "{account} での一時預けがまだ戻っていません。一時預けは終わり、新しい鍵が入ってから十分以内に戻ってきます"
        "（すぐに帰すには: warifu visit sweep {wallet}）。"
    ),
    "in vaults, not to be swept: {there}": "保管庫にあり、引き揚げの対象外：{there}",
    "{amount} {symbol} came into a vault (or another account that no key sends from) during the visit and does not "
    "come home by itself: withdraw it to a wallet on the exchange's site, which takes its approvals and 48 hours; from "
    "there it is brought home": (
        "滞在中に {amount} {symbol} が保管庫（または鍵では送金できない口座）に入りました。これは自動では帰りません。"
        "取引所の画面で通常の口座に引き出してください（承認と48時間が必要です）。そこからは自動で帰されます"
    ),
    "the exchange does not take the key of {account}: it was revoked there or has expired (or a clock is wrong). Look "
    "at it on its site, or give the devices a new one: warifu exchange rotate WALLET {account}. Then, at once: warifu "
    "visit sweep WALLET": (
        "取引所が {account} の鍵を受けつけません。そこで無効にされたか、期限が切れました（または時計が狂っています）。"
        "取引所で確かめるか、端末に新しい鍵を渡してください: warifu exchange rotate WALLET {account}。"
        "すぐに帰すには: warifu visit sweep WALLET"
    ),
    "Run the same command again: it goes on where it stopped.": "同じコマンドをもう一度実行すると、続きから行います。",
    "A SIMULATION ('warifu sandbox'): believe the exchange's name from this certificate authority.": (
        "模擬（warifu sandbox）です。取引所の名前を、この認証局の言うとおりに信じます。"
    ),
    "Any of them can vouch for an exchange's name. To be told by which an exchange's is vouched for today: openssl "
    "s_client -connect api.binance.com:443 -showcerts. Where an exchange changes its authority, nothing is asked of it "
    "until the account gets another key with the new one ('exchange rotate'), and nothing comes home meanwhile.": (
        "そのどれもが取引所の名前を保証できます。いまどこが保証しているかは次で分かります: "
        "openssl s_client -connect api.binance.com:443 -showcerts。"
        "取引所が認証局を替えると、新しい認証局とともに別の鍵を渡すまで（exchange rotate）何も尋ねられず、"
        "その間は何も帰ってきません。"
    ),
    "Believe the exchange's name from this certificate authority alone ('exchange authorities').": (
        "取引所の名前を、この認証局だけから信じます（exchange authorities）。"
    ),
    "List the certificate authorities that this program believes, with what '--only-authority' takes.": (
        "このプログラムが信じる認証局を、--only-authority に渡す値とともに並べます。"
    ),
    "All devices of the wallet make the key together: each must be connected.": (
        "ウォレットのすべての端末が一緒に鍵を作ります。すべてがつながっている必要があります。"
    ),
    "Bring the API key that the exchange gave for the public key of ACCOUNT.": (
        "ACCOUNT の公開鍵に対して取引所が出した API キーを渡します。"
    ),
    "Give WALLET's devices a key at an exchange, under the name ACCOUNT.": (
        "取引所の鍵を、ACCOUNT という名前で WALLET の端末に渡します。"
    ),
    "Give it to them?": "渡しますか",
    "Have them make it?": "作らせますか",
    "Make a key that may do the least: read and trade. Let it withdraw only where the exchange has a list of addresses "
    "to which alone it may.": (
        "許可は最小限（閲覧と取引）にしてください。出金を許すのは、出金先のリストを取引所で有効にした場合だけにしてください。"
    ),
    "Overwrite and remove the key file once the devices have it.": "端末に渡した後、鍵のファイルを上書きして消します。",
    "Overwrite and remove {file}?": "{file} を上書きして消しますか",
    "Passphrase of the exchange: ": "取引所のパスフレーズ: ",
    "Read the API key from this descriptor.": "API キーをこの記述子から読みます。",
    "Read the exchange's passphrase from this descriptor.": "取引所のパスフレーズをこの記述子から読みます。",
    "Read the secret from this descriptor.": "秘密の値をこの記述子から読みます。",
    "Register this public key at the exchange (Ed25519, self-generated): reading and trading; withdrawing only with "
    "its list of addresses turned on. Then bring the API key: warifu exchange finish {wallet} {account}": (
        "この公開鍵を取引所に登録してください（Ed25519、自分で生成した鍵）。許可は閲覧と取引、出金は出金先のリストを有効にした"
        "場合だけです。それから API キーを渡してください: warifu exchange finish {wallet} {account}"
    ),
    "Secret: ": "秘密の値: ",
    "The device that keeps a secret that cannot be split.": "分けられない秘密の値を持つ端末です。",
    "The devices have it.": "端末に渡りました。",
    "The file is gone. Flash disks may keep older copies: a key from a RAM disk is better.": (
        "ファイルは消えました。フラッシュのディスクには古い写しが残ることがあります。RAM ディスクの鍵のほうが安全です。"
    ),
    "the devices make a key": "端末が鍵を作っています",
    "what the key may do could not be asked ({why}): warifu exchange permissions {wallet} {account}": (
        "鍵の権限を尋ねられませんでした（{why}）: warifu exchange permissions {wallet} {account}"
    ),
    "{account} will be a SIMULATION: no exchange, no money.": (
        "{account} は模擬になります。取引所ではなく、お金はありません。"
    ),
    "{file} still holds the whole key: destroy it.": "{file} にはまだ丸ごとの鍵があります。破棄してください。",
    "{kind}: {devices}": "{kind}: {devices}",
    "NOT LOADED: start this device again, before it asks exchanges": (
        "未読み込み: 取引所に問い合わせるには、この端末を起動し直してください"
    ),
    "exchanges": "取引所",
    "loaded: it asks exchanges": "読み込み済み（取引所に問い合わせます）",
    "what asks exchanges is loaded when a device starts. Once these rules are in force, these have to be "
    "started again: {names}. A device does that by itself where nothing has to be typed for it, and "
    "else says so where it runs.": (
        "取引所に問い合わせる部分は端末の起動時に読み込まれます。この規則が有効になったら、次の端末を起動し直す"
        "必要があります: {names}。何も入力せずに済む端末は自分で起動し直します。"
        "そうでない端末は、動いている場所でその旨を表示します。"
    ),
    "Enough owners approved. The command of whoever asked goes on by itself.": (
        "十分な数の所有者が承認しました。頼んだ人のコマンドは自動的に続きます。"
    ),
    "It goes on here by itself when they have. Ctrl-C: nothing is asked for.": (
        "承認がそろえば、ここで自動的に続きます。Ctrl-C: 何も頼みません。"
    ),
    "The others approve it with: {command}": "ほかの所有者は次のコマンドで承認します: {command}",
    "So is what it keeps of the keys of accounts at exchanges: {names}.": (
        "取引所の口座の鍵のシェアも新しくなりました: {names}。"
    ),
    "This takes {needed} owners. Yours is the first.": "これには所有者が {needed} 人必要で、一人目はあなたです。",
    "What is asked": "頼む内容",
    "What is asked of an exchange the service must not see: get the file from the owner who asks, and name it (--call)."
    " His command goes on by itself when enough have approved.": (
        "取引所に頼む内容をサービスは見てはいけません。頼む人からファイルを受け取り、--call で指定してください。"
        "十分な承認がそろえば、その人のコマンドは自動的に続きます。"
    ),
    "What is asked of an exchange: the file that the owner who asks wrote ('--out') and gave you.": (
        "取引所に頼む内容。頼む所有者が --out で書き出し、あなたに渡したファイルです。"
    ),
    "Where several owners must approve: a new file with what is asked, for you to hand to the others.": (
        "複数の所有者の承認が必要なとき、頼む内容を書き出す新しいファイル。自分でほかの所有者に渡します。"
    ),
    "a call at the exchange of account": "取引所での呼び出し。口座:",
    "all devices of the wallet generate a key for it": "ウォレットのすべての端末がそのための鍵を作る",
    "in the file of the owner who asks ('warifu approval give ID --call FILE')": (
        "頼む所有者のファイルの中（warifu approval give ID --call FILE）"
    ),
    "inside the exchange, or a bank": "取引所の中、または銀行",
    "no exchange, no money": "取引所ではなく、お金はありません",
    "the devices keep a credential for it": "端末がそのための認証情報を保管する",
    "waiting for the other owners": "ほかの所有者を待っています",
    # --- watching ---
    "Have a device listen to the exchange's feed, and show what comes while it comes.": (
        "端末に取引所のフィードを聞かせ、届いたものをその場で表示します。"
    ),
    "Ctrl-C ends it, at the device, too. A feed tells early and may leave something out: gaps are said. What decides "
    'money is asked for by request. The policy names the channels ("FEED /ticker"). With --json: one object a line, '
    "the last one says how it ended.": (
        "Ctrl-C で終わり、端末も聞くのをやめます。フィードは早く知らせますが、抜けることがあります。抜けは表示します。"
        "お金に関わることは要求で確かめてください。"
        "チャンネルはポリシーに載せます（「FEED /ticker」）。--json では一行に一つのオブジェクトで、最後の行は終わり方"
        "です。"
    ),
    "What of it: the exchange's own word.": "チャンネルです。取引所での呼び名を使います。",
    "For how long a device listens at most.": "端末が聞く最長の時間です。",
    "For balance: an account there, as 'warifu exchange balances --json' names it (wallet).": (
        "balance 用：取引所の口座です。'warifu exchange balances --json' の wallet の値を書きます。"
    ),
    "a device listens; Ctrl-C ends it": "端末が聞いています。Ctrl-C で終わります",
    "something is missing: {gap}": "抜けがあります: {gap}",
    "{count} messages are of a form that is not known here": "未知の形式のメッセージが {count} 件あります",
    "more came than one watch hands on: name fewer pairs, or watch again": (
        "一度に渡せる量を超えました。組を減らすか、もう一度聞いてください"
    ),
    "more came than this client took in time: name fewer pairs, or a quieter channel": (
        "受け取りが間に合いませんでした。組を減らすか、静かなチャンネルにしてください"
    ),
    "the exchange said nothing any more, and did not answer: watch again": (
        "取引所が黙ったまま応答しません。もう一度聞いてください"
    ),
    "it is not allowed any more: the wallet is frozen, or its rules or the account changed": (
        "もう許されていません。ウォレットが凍結されたか、規則か口座が変わりました"
    ),
    "the feed ended before its time ({why})": "フィードが途中で終わりました（{why}）",
    "{count} messages.": "メッセージ {count} 件。",
    # --- the travel rule ---
    "State for ACCOUNT's exchange who is paid by what comes home, where it has to ask that (the travel "
    "rule).": ("戻る資金の受取人を ACCOUNT の取引所に申告します（トラベルルールで尋ねられる場合）。"),
    "It goes sealed to the devices that hold the account, and into every withdrawal that brings a visit "
    "home; the service never sees it. Devices show which fields you stated, and not what you stated.": (
        "封をして口座を持つ端末に届け、一時預けを戻す出金ごとに添えます。サービスからは見えません。端末が"
        "示すのは申告した項目の名前だけで、中身は示しません。"
    ),
    "JSON in the exchange's own form. It may be removed afterwards.": (
        "取引所の書式の JSON です。済んだら消してかまいません。"
    ),
    "Have the devices forget what you stated.": "申告した内容を端末に忘れさせます。",
    "states": "申告する項目",
    "nothing any more": "なし（取り消し）",
    "Have the devices keep that?": "これを端末に保管させますか？",
    "Every device that holds the account keeps it. Visits that were stuck are tried again soon.": (
        "口座を持つすべての端末が保管しました。止まっていた一時預けはまもなくやり直します。"
    ),
    "states: {fields}": "申告済み: {fields}",
    "travel-rule data kept": "トラベルルールの申告の保管",
    "the exchange wants to know who is paid: state it with 'warifu exchange travel-rule WALLET "
    "{account}', and it is tried again": (
        "取引所が受取人の申告を求めています。「warifu exchange travel-rule WALLET {account}」で申告すると"
        "、やり直します"
    ),
    "the exchange's own list has not every address that this would come home to: put it there (for new "
    "ones exchanges wait a while), and it is looked at again": (
        "戻り先のアドレスの中に、取引所の一覧にないものがあります。一覧に加えてください（新しいものは取引"
        "所がしばらく待たせます）。そのあと見直します"
    ),
    "not asked: the policy does not allow it": "尋ねていません。ポリシーが許していません",
    "the key may do more than a wallet needs ({what}): take that from it at the exchange. A device that carries a "
    "signed request could have it taken there.": (
        "鍵にはウォレットに要らない権限があります（{what}）。取引所で外してください。署名された要求を運ぶ端末が、そちらで使わせることができてしまいます。"
    ),
    "{api} does not take this key, or not its kind ({kind}). Check it on the exchange's site; if it is right, make "
    "one of the kind {other} there, and give the account that one: warifu exchange rotate.": (
        "{api} はこの鍵、またはこの種類（{kind}）の鍵を受け付けません。取引所のサイトで確かめてください。"
        "鍵が正しければ、{other} の鍵を作り、口座をそれに替えてください: warifu exchange rotate"
    ),
    "{api} takes this key": "{api} がこの鍵を受け付けるか",
    "look whether the API key is the one that the exchange gave for this very key; one that was mistyped cannot be "
    "corrected: 'warifu exchange rotate {wallet} {account}' makes another": (
        "この鍵に対して取引所が発行した API キーか確かめてください。打ち間違えたものは直せません。"
        "「warifu exchange rotate {wallet} {account}」で作り直します"
    ),
    "it may have been sent all the same; ask before you repeat it: warifu exchange status {place}": (
        "送信済みかもしれません。繰り返す前に確かめてください: warifu exchange status {place}"
    ),
    "a visit with {account} is open already ({id}): this opens another one, and as soon as one of them ends, whatever "
    "is there comes home, also what the other one brought": (
        "{account} への一時預けがもう始まっています（{id}）。これは別のもう一つになり、どちらか一方が終わると、"
        "もう一方で預けた分も含めて、そこにあるものがすべて戻ります"
    ),
    "{there} is there already; when the visit ends it comes home with the rest, whether or not anything was brought": (
        "{there} がもうそこにあります。一時預けが終わると、何も預けなかったときも、それも一緒に戻ります"
    ),
    "it may be open all the same; look before you open it again: warifu visit show {wallet}": (
        "一時預けはもう始まったかもしれません。もう一度始める前に確かめてください: warifu visit show {wallet}"
    ),
    "the visit {id} is open all the same, and this command again would open another one: see where to send and how it "
    "stands with 'warifu visit show {wallet}', or end it: warifu visit close {wallet} {id}": (
        "一時預け {id} は始まったままで、同じコマンドをもう一度実行すると別のもう一つが始まります。送り先と状況は"
        "「warifu visit show {wallet}」で、終えるには: warifu visit close {wallet} {id}"
    ),
    "the exchange wants a pause ({why})": "取引所が間を置くよう求めています（{why}）",
}

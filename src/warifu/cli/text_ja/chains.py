"""Chains of accounts, and QuickNode."""

CHAINS: dict[str, str] = {
    # --- chains of accounts, messages ---
    "Message for": "メッセージの相手",
    "Most in fees": "手数料の上限",
    "Account nonce": "アカウントのノンス（順番）",
    "Of it for data on Ethereum, as the service says": "うち Ethereum へのデータ掲載分（サービスの申告）",
    "May take from now on": "今後引き出せる相手",
    "Calls, not understood": "呼び出し（中身は不明）",
    "ECDSA signatures prepared": "用意済みの ECDSA 署名",
    "Sign this?": "これに署名しますか？",
    "Signature:": "署名：",
    "What is signed": "署名するもの",
    "any message may be signed": "どんなメッセージにも署名できます",
    "may call": "呼び出せる契約",
    "messages": "メッセージ",
    "nobody": "なし",
    "nothing": "なし",
    "this policy lets nothing leave, on any chain": "このポリシーでは、どのチェーンからも何も出せません",
    "This message will be signed, as this client reads it itself:": (
        "このクライアントが自分で読んだとおりの、次のメッセージに署名します："
    ),
    "bitcoin, solana, ethereum, base, arbitrum, optimism, polygon, sepolia, or eip155:CHAIN-ID.": (
        "bitcoin、solana、ethereum、base、arbitrum、optimism、polygon、sepolia、または eip155:チェーンID。"
    ),
    "A permit is shown and judged as what it is: somebody may take from now on. What the devices do not "
    "understand they sign only where the wallet's policy allows messages.": (
        "permit は、誰かが今後引き出せるようになるものとして表示され、審査されます。端末に理解でき"
        "ないものは、ウォレットのポリシーがメッセージを許すときだけ署名されます。"
    ),
    "A personal message (EIP-191) instead of FILE.": "FILE のかわりに個人メッセージ（EIP-191）。",
    "Do what a chain wants once: on Solana, open an account for durable nonces.": (
        "チェーンが一度だけ求めることをします。Solana では、永続ナンスのためのアカウントを開きます。"
    ),
    "With one, a transfer stays valid however long the devices take; without, for about a minute.": (
        "それがあれば、端末がどれだけ時間をかけても送金は有効です。なければ約一分だけ有効です。"
    ),
    "Give the wallet a key for this kind of chain (repeat; default: all that the threshold allows).": (
        "この種類のチェーンの鍵をウォレットに持たせます（繰り返せます。既定：しきい値が許すすべて）。"
    ),
    "On Bitcoin it is named by its txid, elsewhere by the id of its transfer ('warifu history "
    "--transfers').": (
        "Bitcoin では txid で、ほかでは送金の id で指定します（'warifu history --transfers'）。"
    ),
    "One key for Bitcoin, one for Ethereum and its kin (from a threshold of 2 on), and one for Solana.": (
        "鍵は、Bitcoin に一つ、Ethereum とその仲間に一つ（しきい値 2 以上のとき）、Solana に一つです。"
    ),
    "Of which chain it is (default: as its form tells).": "どのチェーンのものか（既定：形からわかるとき、それ）。",
    "Pay this token of the wallet's policy: its symbol or address.": (
        "ウォレットのポリシーにあるこのトークンで払います（記号かアドレス）。"
    ),
    "Sign a message with the account of WALLET: FILE is EIP-712 typed data ('-': standard input).": (
        "WALLET のアカウントでメッセージに署名します。FILE は EIP-712 の型付きデータです（'-'：標準入力）。"
    ),
    "Take the place of an unconfirmed TRANSFER of WALLET by a transaction that pays nobody.": (
        "WALLET の未承認の TRANSFER を、誰にも払わないトランザクションで置き換えます。"
    ),
    "Whichever of the two is executed first, the other one never is. For chains of accounts; on Bitcoin "
    "use 'bump'.": (
        "二つのうち先に実行されたほうだけが実行されます。アカウント型のチェーンのためのもので、"
        "Bitcoin では 'bump' を使います。"
    ),
    "2 ETH, 100 {symbol} and 3 SOL arrived on chains executed by py-evm and LiteSVM": (
        "py-evm と LiteSVM が実行するチェーンに、2 ETH と 100 {symbol} と 3 SOL が届きました"
    ),
    "An Ethereum chain executed by py-evm, with an ERC-20 (snekmate's) on it, and a Solana chain "
    "executed by LiteSVM; their mempool and slots are ours": (
        "py-evm が実行する Ethereum チェーン（その上に snekmate の ERC-20）と、LiteSVM が実行する"
        " Solana チェーン。メムプールとスロットは私たちのものです"
    ),
    "One wallet, three chains: '{a}' and '{b}' sign for Ethereum and Solana": (
        "一つのウォレット、三つのチェーン: '{a}' と '{b}' が Ethereum と Solana のために署名します"
    ),
    "and a Solana account: {address}": "そして Solana のアカウント: {address}",
    "asked directly, the engines say that exactly this arrived": (
        "エンジンに直接尋ねると、ちょうどその額が届いています"
    ),
    "the same birth gives an Ethereum account: {address}": (
        "同じ誕生から Ethereum のアカウントが得られます: {address}"
    ),
    "{amount} moved: {txid}": "{amount} が動きました: {txid}",
    "{amount} to {address}": "{amount} を {address} へ",
    "caught cheating": "不正が見つかった端末",
    "Have this machine's device work again with the device NAME, which it caught cheating in an ECDSA "
    "ceremony.": ("ECDSA の儀式で不正が見つかった端末 NAME と、このマシンの端末をふたたび協働させます。"),
    "A device that cheats is taken over, or its memory fails: replace it. This is for one that you "
    "repaired.": (
        "不正をする端末は、乗っ取られたか、メモリが壊れています。交換してください。これは修理した端"
        "末のためのものです。"
    ),
    "Work with {name} again?": "{name} とふたたび協働しますか？",
    "The ban of {name} is lifted.": "{name} の禁止を解きました。",
    "FROZEN": "凍結中",
    "Watch over a device's processes and its kernel, and freeze the device when somebody reaches for them.": (
        "端末のプロセスとカーネルを見張り、誰かが手を伸ばしたら端末を凍結します。"
    ),
    "An alarm is an attached debugger, an opened memory, a loaded kernel module or tracing program, or rights that "
    "come from nowhere. The device signs nothing then, until 'warifu signer unfreeze'. It needs root and bpftrace; it "
    "sees late, and root can end it.": (
        "警報は、デバッガの接続、メモリを開くこと、カーネルモジュールや追跡プログラムの読み込み、どこからともなく得た権限です。"
        "そのとき端末は 'warifu signer unfreeze' まで何も署名しません。root と bpftrace が要ります。"
        "気づくのは遅れ、root は見張りを止められます。"
    ),
    "Watch and freeze the device of this directory; may be repeated.": (
        "このディレクトリの端末を見張り、凍結します（繰り返せます）。"
    ),
    "Also watch these processes.": "これらのプロセスも見張ります。",
    "Where each alarm is written, as one line of JSON.": "警報を一行の JSON として書く場所。",
    "An alarm of this kind freezes nothing; may be repeated.": "この種類の警報では凍結しません（繰り返せます）。",
    "Freeze also when the watch itself breaks off.": "見張りそのものが途切れたときも凍結します。",
    "Print one JSON object a line, for scripts.": "スクリプト向けに、一行に一つの JSON オブジェクトを出します。",
    "This kernel does not show: {what}": "このカーネルでは見えないもの: {what}",
    "Watching {count} processes.": "{count} 個のプロセスを見張っています。",
    "The machine that a device runs on.": "端末が動くマシン。",
    "Prepare a Debian machine for a device: less that can be reached, less that can be broken.": (
        "端末のために Debian マシンを整えます。届くものを減らし、破れるものを減らします。"
    ),
    "The plan says of each step what it changes, why, what may break, and how it is undone. A second run finds nothing "
    "to do. What was there before is kept, and --undo restores it; what somebody else changed since is left alone.": (
        "計画は段階ごとに、何をなぜ変え、何が動かなくなりうるか、どう戻すかを示します。二度目の実行ではすることがありません。"
        "元の内容は保たれ、--undo で戻ります。その後ほかの誰かが変えたものには触れません。"
    ),
    "Show what would be changed, and change nothing.": "変わるはずのものを示すだけで、何も変えません。",
    "Put everything back as it was before.": "すべてを元に戻します。",
    "An image's directory instead of this machine: files only, nothing is run.": (
        "このマシンの代わりに、イメージのディレクトリ。ファイルだけで、何も起動しません。"
    ),
    "Only this step; may be repeated.": "この段階だけ（繰り返せます）。",
    "Not this step; may be repeated.": "この段階を除く（繰り返せます）。",
    "Keep this port reachable.": "このポートを開いたままにします。",
    "Source tree of LKRG, to be built through DKMS.": "DKMS で組み立てる LKRG のソース。",
    "The digest that the source tree of LKRG must have.": "LKRG のソースが持つべきダイジェスト。",
    "Source tree of VED, to be built through DKMS.": "DKMS で組み立てる VED のソース。",
    "The digest that the source tree of VED must have.": "VED のソースが持つべきダイジェスト。",
    "may break": "動かなくなりうるもの",
    "undo": "戻し方",
    "to do": "これから",
    "done": "済み",
    "somebody else changed it since: left alone": "その後ほかの誰かが変えたため、触れません",
    "nothing to do here": "ここではすることなし",
    "checked first": "先に確かめます",
    "Put everything back as it was before?": "すべてを元に戻しますか？",
    "Everything is as it was before.": "すべて元どおりです。",
    "Make these changes?": "この変更を行いますか？",
    "The machine is as the plan says.": "マシンは計画どおりになりました。",
    "There is nothing to do.": "することはありません。",
    "{title}: SHA-256 of the source tree: {digest}": "{title}: ソースの SHA-256: {digest}",
    "Is this the source that you compared, and shall it run in the kernel?": (
        "これは照合したソースで、カーネルの中で動かしてよいですか？"
    ),
    "Have this machine's device sign nothing, whoever asks, until 'warifu signer unfreeze'.": (
        "このマシンの端末を、誰が頼んでも何も署名しないようにします。'warifu signer unfreeze' まで続きます。"
    ),
    "Shown with every refusal until the freeze is lifted; at most 200 characters.": (
        "凍結が解かれるまで、拒否のたびに示されます。200 文字まで。"
    ),
    "The device {name} is frozen: it signs nothing.": "端末 {name} は凍結され、何も署名しません。",
    "Have this machine's device sign again.": "このマシンの端末がふたたび署名するようにします。",
    "Where the watch froze it, somebody reached for its memory or its kernel: find out who before you lift the freeze. "
    "To confirm, type the device's name.": (
        "見張りが凍結したのなら、誰かがそのメモリかカーネルに手を伸ばしました。解く前に、それが誰かを突き止めてください。"
        "確認のため、端末の名前を入力します。"
    ),
    "It is frozen because: {reason}": "凍結の理由: {reason}",
    "Type the device's name ({name}) to lift the freeze": "凍結を解くには、端末の名前（{name}）を入力してください",
    "The freeze of {name} is lifted.": "{name} の凍結を解きました。",
    "Where the service looks at the chains. A backend can lie and refuse; it cannot take anything.": (
        "サービスがチェーンを見る場所です。バックエンドは嘘をついたり拒んだりできますが、何も取れません。"
    ),
    "Add a backend of CHAIN; it is used from the next start of the service on.": (
        "CHAIN のバックエンドを加えます。サービスの次の起動から使われます。"
    ),
    "The address is asked for and not taken from the command line, which every user of this machine can "
    "read: it often has a token in it. The service keeps it in its encrypted database and never shows it "
    "again.": (
        "アドレスは尋ねられ、コマンド行からは受け取りません。コマンド行はこのマシンの誰もが読め、ア"
        "ドレスにはトークンが含まれることが多いからです。サービスは暗号化データベースに保ち、二度と"
        "表示しません。"
    ),
    "Read the address from this descriptor.": "アドレスをこの記述子から読みます。",
    "Also ask for a token that is sent in a header.": "ヘッダーで送るトークンも尋ねます。",
    "Read that token from this descriptor.": "そのトークンをこの記述子から読みます。",
    "QuickNode: have the service make a key for tokens of its own.": (
        "QuickNode：サービスに、自前のトークンのための鍵を作らせます。"
    ),
    "The name under which you register that key with the endpoint.": "その鍵をエンドポイントに登録するときの名前。",
    "Address (not shown): ": "アドレス（表示されません）：",
    "Token (not shown): ": "トークン（表示されません）：",
    "The backend is kept. It is used when the service starts the next time.": (
        "バックエンドを保存しました。サービスの次の起動から使われます。"
    ),
    "Register this public key with the endpoint, under the name {name}:": (
        "この公開鍵を、{name} という名前でエンドポイントに登録してください："
    ),
    "When the service starts it asks each whether it is on its chain; what did not pass is told here, and never "
    "used.": (
        "サービスは起動時に、それぞれが正しいチェーンにつながっているか確かめます。"
        "通らなかったものはここに示され、使われることはありません。"
    ),
    "List the backends in order of preference, without addresses and tokens.": (
        "バックエンドを優先順に示します。アドレスとトークンは示しません。"
    ),
    "chain": "チェーン",
    "kind": "種類",
    "host": "ホスト",
    "in use": "使用中",
    "id": "ID",
    "Forget a backend that was added; those of service.toml are removed there.": (
        "加えたバックエンドを忘れます。service.toml のものは、そこで消します。"
    ),
    "The backend is forgotten. The service uses it until it is stopped.": (
        "バックエンドを忘れました。サービスは止まるまで使います。"
    ),
    # --- quicknode ---
    "Look after QuickNode endpoints: who may use them, their limits, what they cost.": (
        "QuickNode のエンドポイントの世話をします。誰が使えるか、制限、費用。"
    ),
    "Each command asks for the account's API key, which can do all that QuickNode's dashboard can. It is not "
    "kept.": (
        "どのコマンドもアカウントの API キーをたずねます。このキーは QuickNode のダッシュボードででき"
        "ることをすべてできます。保存しません。"
    ),
    "Read the account's API key from this open file descriptor instead of the terminal.": (
        "アカウントの API キーを、端末ではなく、この開いたファイル記述子から読みます。"
    ),
    "API key of the QuickNode account (not shown): ": "QuickNode アカウントの API キー（表示されません）：",
    "List the account's endpoints: of their addresses the host alone, because they have tokens in them.": (
        "アカウントのエンドポイントを一覧します。アドレスにはトークンが入っているので、ホストだけを示します。"
    ),
    "label": "ラベル",
    "status": "状態",
    "Show the credits of the account's current period.": "アカウントの今の期間のクレジットを示します。",
    "Also say what they went to.": "何に使われたかも示します。",
    "period": "期間",
    "used": "使用",
    "remaining": "残り",
    "limit": "上限",
    "none": "なし",
    "beyond the limit": "上限を超えた分",
    "credits": "クレジット",
    "Show who may use ENDPOINT and what for, and what to change for a warm wallet.": (
        "ENDPOINT を誰が何に使えるか、ウォームウォレットのために何を変えるべきかを示します。"
    ),
    "Checks are changed by 'warifu quicknode harden', tokens taken away by 'revoke-token'.": (
        "検査は「warifu quicknode harden」で変え、トークンは「revoke-token」で取り消します。"
    ),
    "check": "検査",
    "on": "オン",
    "tokens (their ids)": "トークン（その ID）",
    "JWT keys": "JWT の鍵",
    "IP addresses": "IP アドレス",
    "referrers": "リファラー",
    "domain masks": "ドメインマスク",
    "allowed methods": "許されたメソッド",
    "Neither a token nor a JWT is asked for: whoever knows the host gets in.": (
        "トークンも JWT も求められません。ホストを知る人は誰でも入れます。"
    ),
    "JWTs are not asked for: whoever finds a token gets in until it is revoked.": (
        "JWT が求められません。トークンを見つけた人は、取り消されるまで入れます。"
    ),
    "JWTs are asked for, and no key is registered: nobody gets in.": (
        "JWT が求められますが、鍵が登録されていません。誰も入れません。"
    ),
    "Requests are taken from every IP address.": "どの IP アドレスからの要求も受け付けます。",
    "IP addresses are checked, and none is registered: nobody gets in.": (
        "IP アドレスが検査されますが、一つも登録されていません。誰も入れません。"
    ),
    "IP addresses are read from a header, which whoever asks may have written.": (
        "IP アドレスをヘッダーから読みます。ヘッダーは要求する人が書けるものです。"
    ),
    "There is more than one token: revoke those that nothing of yours uses.": (
        "トークンが二つ以上あります。自分が使っていないものを取り消してください。"
    ),
    "Every method can be called, not only those of the wallet.": (
        "ウォレットのものだけでなく、どのメソッドも呼べます。"
    ),
    "The wallet calls methods that are not let through: {methods}.": (
        "ウォレットが呼ぶメソッドが通されません：{methods}。"
    ),
    "Methods are let through that the wallet does not call: {methods}.": (
        "ウォレットが呼ばないメソッドが通されます：{methods}。"
    ),
    "Show how often ENDPOINT, and single methods of it, may be asked.": (
        "ENDPOINT と、その個々のメソッドを、どれだけ呼べるかを示します。"
    ),
    "requests": "要求",
    "set by": "設定元",
    "methods": "メソッド",
    "method": "メソッド",
    "in each": "単位",
    "Show the credits that a call of each method of CHAIN costs; CHAIN as QuickNode calls it.": (
        "CHAIN の各メソッドの呼び出しにかかるクレジットを示します。CHAIN は QuickNode での呼び名です。"
    ),
    "Let ENDPOINT answer the wallet alone: its methods and, where you name them, its key and its addresses.": (
        "ENDPOINT がウォレットだけに答えるようにします。ウォレットのメソッドと、指定すればその鍵とア"
        "ドレスだけに。"
    ),
    "It is shown what will change. The checks are switched on last, when all that the wallet needs is in "
    "their lists: if something fails in between, nobody is locked out, no check is off that was on, and the "
    "same command goes on.": (
        "何が変わるかを示します。検査は、ウォレットに必要なものがすべて登録されてから、最後にオンにし"
        "ます。途中で失敗しても、締め出されることも、オンだった検査がオフになることもなく、同じコマン"
        "ドで続けられます。"
    ),
    "A backend without the key's JWTs gets no answer afterwards: add it with 'warifu backend add CHAIN "
    "quicknode --jwt' first. Tokens are left as they are: remove those that are not needed with 'warifu "
    "quicknode revoke-token'.": (
        "この鍵の JWT を持たないバックエンドは、そのあと答えを得られません。先に「warifu backend add "
        "CHAIN quicknode --jwt」で加えてください。トークンはそのまま残ります。不要なものは「warifu qu"
        "icknode revoke-token」で取り消してください。"
    ),
    "Ask for JWTs, and register this public key (PEM), as 'warifu backend add --jwt' shows it.": (
        "JWT を求め、この公開鍵（PEM、「warifu backend add --jwt」が示すもの）を登録します。"
    ),
    "The name of that key, as the backend has it.": "その鍵の名前。バックエンドでのものと同じにします。",
    "Take requests from this address, and from no others than those that are registered (repeat).": (
        "このアドレスと、すでに登録されたアドレスからの要求だけを受け付けます（繰り返せます）。"
    ),
    "A chain that the wallet uses there (repeat; needed where the endpoint serves several).": (
        "ウォレットがそこで使うチェーン（繰り返せます。エンドポイントが複数のチェーンを扱うときに必要）。"
    ),
    "This will be done with {endpoint}, in this order:": "{endpoint} に、この順で次のことを行います：",
    "Register the JWT key {name}.": "JWT の鍵 {name} を登録します。",
    "Let requests from {address} in.": "{address} からの要求を受け付けます。",
    "Let these methods through and no others: {methods}.": "次のメソッドだけを通します：{methods}。",
    "Remove the other filter, which lets through: {methods}.": (
        "ほかのフィルターを除きます。それが通すもの：{methods}。"
    ),
    "Read the endpoint again, so that no check locks you out.": (
        "検査で締め出されないよう、エンドポイントを読み直します。"
    ),
    "Switch these checks on: {switches}.": "次の検査をオンにします：{switches}。",
    "Other keys that stay registered: {keys}.": "ほかに登録されたままの鍵：{keys}。",
    "Other addresses that stay let in: {addresses}.": "ほかに受け付けられたままのアドレス：{addresses}。",
    "Change the endpoint so?": "エンドポイントをこのように変えますか？",
    "The checks are on.": "検査をオンにしました。",
    "All of this is so already.": "すべて、もうそうなっています。",
    "Tokens that are left: {tokens}. 'warifu quicknode revoke-token' removes one.": (
        "残っているトークン：{tokens}。「warifu quicknode revoke-token」で取り消せます。"
    ),
    "The same command goes on from there: nothing is done twice.": (
        "同じコマンドで、そこから続けられます。二度行われることはありません。"
    ),
    "Done: {steps}": "行われたこと：{steps}",
    "Perhaps done: {steps}": "行われたかもしれないこと：{steps}",
    "Not done: {steps}": "行われなかったこと：{steps}",
    "Revoke a token of ENDPOINT at once. TOKEN-ID is what 'warifu quicknode security' shows, not the token "
    "itself.": (
        "ENDPOINT のトークンをすぐに取り消します。TOKEN-ID は「warifu quicknode security」が示すもの"
        "で、トークンそのものではありません。"
    ),
    "This is the endpoint's last token: while tokens are checked, nobody gets in then.": (
        "これはエンドポイントの最後のトークンです。トークンの検査がオンの間は、そのあと誰も入れません。"
    ),
    "Revoke token {token} of {endpoint}?": "{endpoint} のトークン {token} を取り消しますか？",
    "The token is revoked.": "トークンを取り消しました。",
    "Pause ENDPOINT: it answers nobody until it is resumed, not even the wallet.": (
        "ENDPOINT を休止します。再開されるまで、ウォレットにも、誰にも答えません。"
    ),
    "Let a paused ENDPOINT answer again.": "休止した ENDPOINT が、また答えるようにします。",
    "Pause {endpoint}?": "{endpoint} を休止しますか？",
    "Resume {endpoint}?": "{endpoint} を再開しますか？",
    "It is paused.": "休止しました。",
    "It answers again.": "また答えるようになりました。",
}

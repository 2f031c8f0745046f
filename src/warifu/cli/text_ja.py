"""Japanese, beside the English that the code speaks."""

from warifu.cli.text_ja_afterwards import AFTERWARDS
from warifu.cli.text_ja_banks import BANKS
from warifu.cli.text_ja_exchanges import EXCHANGES

JAPANESE: dict[str, str] = {
    # --- what every command can say --------------------------------------------------------------------------------
    "Error": "エラー",
    "Not done": "行われなかったこと",
    "What to do": "すること",
    "At fault": "原因となった相手",
    "Wait": "待ち時間",
    "Code": "コード",
    "Warning": "警告",
    "Examples": "例",
    "Stopped.": "止めました。",
    "{seconds} seconds": "{seconds} 秒",
    "yes": "はい",
    "no": "いいえ",
    "NO": "していません",
    "why": "理由",
    "what to do": "すること",
    "name": "名前",
    "total": "合計",
    # --- families of errors ----------------------------------------------------------------------------------------
    "What came in is malformed, too long, or means nothing here: a caller's or a sender's mistake.": (
        "入力の形が正しくないか、長すぎるか、ここでは意味を持ちません。"
    ),
    "The owner's authorization is missing, forged, expired, replayed, or for something else.": (
        "所有者の承認がないか、偽物か、期限切れか、使い回しか、別のことへの承認です。"
    ),
    "The passphrase is wrong, must wait, or is locked out; or its envelope does not open here.": (
        "パスフレーズが違うか、待つ必要があるか、締め出されています。または封筒がここでは開きません。"
    ),
    "The wallet's policy does not allow this.": "ウォレットのポリシーがこれを許していません。",
    "The raw transaction is not what the owner authorized, or is not fully understood.": (
        "トランザクションが、所有者の承認したものと違うか、すべては理解できないものです。"
    ),
    "A signer or the service sent something that an honest one never sends. ``blame`` names it.": (
        "署名者かサービスが、正直なら決して送らないものを送りました。"
    ),
    "A ceremony (key generation, signing) ended without a result.": "鍵の生成または署名が、結果なしに終わりました。",
    "A store on disk is missing, truncated, altered, of another device, or cannot be written.": (
        "ディスク上の保管データがないか、途中で切れているか、書き換えられているか、別の端末のものか、書き込めません。"
    ),
    "The platform (TEE or its software stand-in) will not seal, unseal, count or attest.": (
        "プラットフォーム（TEE またはその代わりのソフトウェア）が、封印・開封・計数・証明をしません。"
    ),
    "No chain backend gave a usable answer.": "チェーンのどのバックエンドからも、使える答えがありません。",
    "The network refuses the signed transaction; the reason is the node's own.": (
        "署名済みのトランザクションをネットワークが拒みました。理由はノードの言葉です。"
    ),
    "The custody service cannot be reached, does not know the caller, or cannot do what was asked.": (
        "カストディサービスにつながらないか、呼び手を知らないか、頼まれたことができません。"
    ),
    "The machine lacks something that safe operation needs; ``warifu doctor`` shows the whole list.": (
        "安全な運用に必要なものが、このマシンに欠けています。"
    ),
    # --- the eight steps -------------------------------------------------------------------------------------------
    "Request": "依頼",
    "Authorization": "承認",
    "Judgement": "審査",
    "Signature": "署名",
    "Broadcast": "送信",
    "Network": "ネットワーク",
    "Confirmation": "承認数",
    "Result": "結果",
    "waiting for the devices": "端末を待っています",
    "waiting: {step}": "待っています: {step}",
    # --- the passphrase and keys -----------------------------------------------------------------------------------
    "Passphrase of the wallet: ": "ウォレットのパスフレーズ: ",
    "New passphrase of the wallet: ": "ウォレットの新しいパスフレーズ: ",
    "The same again: ": "もう一度同じもの: ",
    "Unlock key of this device: ": "この端末の解錠鍵: ",
    "the unlock key {file} lies on the same disk as the device's store: whoever takes the disk takes both. "
    "Move it to a USB stick or a systemd credential.": (
        "解錠鍵 {file} が端末の保管データと同じディスクにあります。ディスクを取られると両方取られます。"
        "USB メモリか systemd credential に移してください。"
    ),
    # --- devices ---------------------------------------------------------------------------------------------------
    "On the device, within 15 minutes:": "その端末で、15 分以内に:",
    "waiting for the device": "端末を待っています",
    "Does the device show exactly these digits?": "端末にも、まったく同じ数字が出ていますか",
    "Does the owner's screen show exactly these digits?": "所有者の画面にも、まったく同じ数字が出ていますか",
    "The device {name} is enrolled.": "端末 {name} を登録しました。",
    "The device {name} is forgotten.": "端末 {name} を忘れました。",
    "Forget the device {name}?": "端末 {name} を忘れますか",
    "This device is enrolled as {name}.": "この端末は {name} として登録されました。",
    "The enclave process is up: {count} layers of isolation on.": "エンクレーブが動いています。隔離の層: {count}",
    "not on: {layer} ({state})": "効いていない層: {layer} ({state})",
    "device": "端末",
    "devices": "端末",
    "identity": "識別鍵",
    "connected": "接続中",
    "compared by you": "数字を照合",
    "version": "版",
    "platform": "プラットフォーム",
    "tier": "段階",
    "journal": "日誌",
    "journal of {device}: entry {length}, {head}": "{device} の日誌: {length} 件目、{head}",
    "Kernel: {kernel}": "カーネル: {kernel}",
    "Score: {score} of 100 (for information only)": "点数: 100 点中 {score} 点（目安）",
    "in order": "良い",
    "Every check with its reason and remedy: warifu doctor --all": "すべての検査の理由と対処: warifu doctor --all",
    "Layers of the signer's isolation, tried just now": "署名器の隔離の各層（今ここで試した結果）",
    "Platforms that a device could be set up for here": "この機械で端末を設定できるプラットフォーム",
    "Show what this machine offers, or set its device up for one platform before its first start.": (
        "この機械が備えるものを表示するか、最初の起動の前に、端末を一つのプラットフォームに設定します。"
    ),
    "A device starts on the platform that it was set up for, or not at all. Nothing is chosen for you: without a NAME "
    "nothing is changed.": (
        "端末は設定されたプラットフォームでだけ起動し、それがなければ起動しません。自動で選ばれることはなく、"
        "NAME を付けなければ何も変わりません。"
    ),
    "Which way it is reached, where there are several (SEV-SNP: vmpl:0 to vmpl:3).": (
        "複数の経路がある場合の指定（SEV-SNP では vmpl:0 から vmpl:3）。"
    ),
    "Accept a simulator, or an enclave in debug mode.": "シミュレータや、デバッグモードのエンクレーブを受け入れます。",
    "This device starts on '{name}' from now on, and on nothing else.": (
        "この端末は今後 '{name}' でだけ起動し、ほかでは起動しません。"
    ),
    "a simulator: for development only": "シミュレータ：開発用のみ",
    "{on} of {count} on; they cost {total:.0f} ms, once, when the signer starts": (
        "{count} 層のうち {on} 層が有効。かかった時間は合計 {total:.0f} ms（署名器の起動時に一度だけ）"
    ),
    "Guard of the kernel": "カーネルの守り",
    "Isolation of the signer": "署名器の隔離",
    "Memory and disk": "メモリとディスク",
    "Start and modules": "起動とモジュール",
    "Processor": "プロセッサ",
    "Clock and updates": "時計と更新",
    "What ordinary programs may do": "ふつうのプログラムにできること",
    "Kernel settings (sysctl)": "カーネルの設定（sysctl）",
    "Kernel command line and build": "カーネルの起動引数と構成",
    "{ok} in order, {missing} missing, {unknown} unknown": "良い {ok}、欠けている {missing}、分からない {unknown}",
    # --- wallets ---------------------------------------------------------------------------------------------------
    "wallet": "ウォレット",
    "network": "ネットワーク",
    "threshold": "しきい値",
    "rules": "ルール",
    "passphrase tries": "パスフレーズを試せる回数",
    "passphrase tries left": "パスフレーズを試せる残り回数",
    "moved in the last 24 hours": "この 24 時間に動いた額",
    "most per transaction": "1 回の上限",
    "most in 24 hours": "24 時間の上限",
    "most in fees": "手数料の上限",
    "may pay to": "支払先",
    "most in an hour": "1 時間の上限",
    "most in 7 days": "7 日間の上限",
    "most in 30 days": "30 日間の上限",
    "most per order": "注文 1 回の上限",
    "owners who must approve": "承認が必要な所有者の数",
    "signs only": "署名する時間",
    "an announced payment waits": "予告した支払いの待ち時間",
    "a change that allows more waits": "制限をゆるめる変更の待ち時間",
    "strict": "厳格",
    "more than half of the devices must know of what spends before it is signed": (
        "署名の前に、半数を超える端末が支払いを知っていなければなりません"
    ),
    "this wallet is frozen: nothing leaves": "このウォレットは凍結されています。何も出せません",
    "the price of {symbol} is too old: nothing of it leaves until it is stated anew": (
        "{symbol} の相場が古すぎます。新しい相場を書くまで、何も出せません"
    ),
    "least tier of a device": "端末の最低の段階",
    "declarations count": "申告も認めます",
    "declarations do not count": "申告は認めません",
    "seen at most {age} ago": "確認から {age} 以内",
    "its host must have": "ホストに必要なもの",
    "a fee above {amount} is at most": "{amount} を超える手数料の上限",
    "{share} of what is paid": "支払額の {share}",
    "never to": "支払いを禁じる先",
    "{count} owners must approve": "所有者 {count} 人の承認が必要",
    "above {amount}": "{amount} を超えるとき",
    "it must be announced before": "前もって予告が必要",
    "converted at": "換算した相場",
    "any address {wait} after it was announced": "どのアドレスでも、予告から {wait} 後に",
    "by any method": "どのメソッドでも",
    "may ask": "許す要求",
    "may trade": "許す取引の組",
    "may move funds there to": "取引所の中で資金を移してよい先",
    "longest visit": "一時預けの最長時間",
    "most that a visit may lose": "一時預けで許す損失の上限",
    "most there at once by visits": "一時預けで一度に置ける上限",
    "any address": "どのアドレスでも",
    "no address": "なし",
    "The device {name} has its share.": "端末 {name} は断片を受け取りました。",
    "Devices still missing: {count}. Send no coins yet.": (
        "まだそろわない端末: {count}。コインはまだ送らないでください。"
    ),
    "The wallet {name} is born: every device states the same keys.": (
        "ウォレット {name} が生まれました。どの端末も同じ鍵を述べています。"
    ),
    "confirmed": "承認済み",
    "own, unconfirmed": "自分の未承認",
    "from others, unconfirmed": "他者からの未承認",
    "not spendable yet": "まだ使えない",
    "at block": "ブロック",
    "fee": "手数料",
    "confirmations": "承認数",
    "transfer": "送金",
    "scopes": "権限",
    "The label is kept.": "ラベルを残しました。",
    "Keep this now; it is not shown again:": "いま控えてください。二度と表示されません:",
    "The API key {name} is ended.": "API キー {name} を終わらせました。",
    # --- a transfer ------------------------------------------------------------------------------------------------
    "This will be signed, as this client reads the transaction itself:": (
        "このクライアントが自分で読んだところ、署名されるのは次のとおりです:"
    ),
    "From": "支払元",
    "To": "支払先",
    "Amount": "金額",
    "Change": "おつり",
    "Fee": "手数料",
    "Fee ceiling": "手数料の上限",
    "Replaces": "置き換える送金",
    "Transaction": "トランザクション",
    "Transaction:": "トランザクション:",
    "own address": "自分のアドレス",
    "the fee is more than a twentieth of the amount": "手数料が金額の 20 分の 1 を超えています",
    "an exchange makes a key of this signature. Each signature of this wallet is another one: what is held by that key "
    "is lost with it, because it can never be made again.": (
        "この署名から取引所の鍵が作られます。このウォレットの署名は毎回異なり、同じ鍵は二度と作れません。"
        "鍵を失うと、その鍵で持つものも失われます。"
    ),
    "Sign and send this?": "署名して送りますか",
    "Nothing was sent.": "何も送っていません。",
    "would sign": "署名します",
    "would refuse": "拒みます",
    "The devices need the passphrase again to go on with the same transaction.": (
        "同じトランザクションを続けるために、端末がもう一度パスフレーズを必要としています。"
    ),
    "You stopped watching. The request is with the service and may still be signed and sent; it is never sent twice. "
    "Look on with: warifu resume {wallet} {transfer}": (
        "見るのをやめました。依頼はサービスにあり、これから署名され送られることもありますが、二度送られることはありません。"
        "続きを見るには: warifu resume {wallet} {transfer}"
    ),
    # --- help: commands --------------------------------------------------------------------------------------------
    "A warm wallet whose key is born in pieces and signs only when the pieces meet.": (
        "鍵が割られて生まれ、割符が合うときだけ署名する、ウォームウォレット。"
    ),
    "The devices that hold the pieces of the key.": "鍵の断片を持つ端末。",
    "Invite a device, wait until it joins, and compare the digits.": "端末を招き、加わるのを待ち、数字を照合します。",
    "Run the line that is printed on the device. Then both screens show nine digits: only where they are the same does "
    "the device have your key and you have the device's, with nobody between.": (
        "表示された行をその端末で実行してください。両方の画面に 9 桁の数字が出ます。同じときだけ、間に誰もおらず、"
        "端末はあなたの鍵を、あなたは端末の鍵を持っています。"
    ),
    "Enrol this device with an INVITATION of its owner.": "所有者の INVITATION で、この端末を登録します。",
    "The two screens show nine digits; say yes only where they are the same.": (
        "両方の画面に 9 桁の数字が出ます。同じときだけ「はい」と答えてください。"
    ),
    "Keep this enrolled device connected, until Ctrl-C.": "登録済みのこの端末を、Ctrl-C まで接続しておきます。",
    "List the enrolled devices, and whether they are connected.": "登録した端末と、接続しているかどうかを並べます。",
    "Ask a device how it is: the one on this machine, or the enrolled device NAME through the service.": (
        "端末に様子をたずねます。このマシンの端末か、サービスを通して端末 NAME に。"
    ),
    "Forget the device NAME, here and at the service. Wallets that it has a share of keep needing it.": (
        "端末 NAME を、ここでもサービスでも忘れます。その断片を使うウォレットには、これからも必要です。"
    ),
    "Policies: what a wallet's devices may sign, and under which conditions.": (
        "ポリシー：ウォレットの端末が、どんな条件で何に署名してよいか。"
    ),
    "Print a policy to begin with: TOML that you adapt.": "手始めのポリシーを表示します。書き直して使う TOML です。",
    "No recipe names anybody: as it stands, nothing leaves but to those whom you write in or announce.": (
        "どのひな形にも相手の名はありません。そのままでは、あなたが書き込むか予告した相手にしか出ません。"
    ),
    "Print the policy of WALLET as TOML, to be changed: what is printed is read as the very policy in force.": (
        "WALLET のポリシーを、書き直せる TOML として表示します。読み直せば、有効なポリシーとまったく同じになります。"
    ),
    "Limits that were stated in money are printed as the money that they came to, which is a little less than what was "
    "typed; comments are not kept.": (
        "通貨建ての上限は換算後の額で表示され、入力した額よりわずかに小さくなります。注釈は残りません。"
    ),
    "Read a policy file as a wallet would, and say every rule of it; an error names its line and field.": (
        "ポリシーのファイルをウォレットと同じように読み、すべての規則を述べます。誤りは行と項目を示します。"
    ),
    "Wallets: a key that is born in pieces, and the policy under which it signs.": (
        "ウォレット: 割られて生まれる鍵と、署名の決まり（ポリシー）。"
    ),
    "Bring a device home that missed the end of 'create'; the wallet is yours once none is missing.": (
        "'create' の終わりに居合わせなかった端末を迎え入れます。全部そろえばウォレットは使えます。"
    ),
    "The device takes its share from public data of the devices that finished, and verifies it itself.": (
        "端末は、終えた端末の公開データから自分の断片を取り出し、自分で検証します。"
    ),
    "The device that missed the end of the key generation.": "鍵生成の終わりに居合わせなかった端末。",
    "Give every device of WALLET a new share of the same keys, and have it delete the old one.": (
        "WALLET のすべての端末に同じ鍵の新しい断片を渡し、古い断片を消させます。"
    ),
    "Addresses, passphrase and policy stay. What a thief got of a device before is worth nothing beside what he gets "
    "afterwards: he needs enough shares of one time. Refresh now and then, and when a device was out of your hands.": (
        "アドレス、パスフレーズ、ポリシーはそのままです。更新の前に盗まれた断片は、後に盗まれた断片と合わせても"
        "役に立ちません。同じ時期の断片が必要な数だけそろわないと使えないからです。ときどき、また端末が手元を離れたときに"
        "更新してください。"
    ),
    "All devices of the wallet must be on, so it is no help where one is gone for good: make another wallet then. If "
    "anything breaks off, nothing is lost. An old backup of a device's disk still holds the old share: delete it.": (
        "ウォレットのすべての端末の電源が入っている必要があるので、端末を失くしてしまった場合には役に立ちません。"
        "そのときは別のウォレットを作ってください。途中で止まっても何も失われません。端末のディスクの古いバックアップには"
        "古い断片が残っています。消してください。"
    ),
    "Each of these devices gets a new share and deletes the old one: {names}.": (
        "次の端末がそれぞれ新しい断片を受け取り、古い断片を消します: {names}。"
    ),
    "Refresh the shares of {name}?": "{name} の断片を更新しますか?",
    "Every device keeps its new share of {name}; addresses and keys are the same (refresh {count}).": (
        "すべての端末が {name} の新しい断片を保存しました。アドレスと鍵は同じです（更新 {count} 回目）。"
    ),
    "{names}: not told of the end yet; it deletes the old share once it is.": (
        "{names}: まだ更新の完了を知らされていません。知らされると古い断片を消します。"
    ),
    "shares refreshed": "断片の更新回数",
    "Have the devices generate keys of which each gets one share, and no one ever the whole.": (
        "端末たちに鍵を生成させます。各端末は断片を一つずつ持ち、全体を持つものは決してありません。"
    ),
    "You choose the wallet's passphrase, at least 12 characters, typed twice. It is stored nowhere: without it, and "
    "without enough devices, the coins are lost.": (
        "ウォレットのパスフレーズを決め、2 度入力します（12 文字以上）。どこにも保存されません。"
        "これと十分な数の端末がなければ、コインは失われます。"
    ),
    "Take up a wallet that you authorized before: after an interrupted 'create', or with a restored profile.": (
        "前に承認したウォレットを取り込みます。中断した create のあとや、復元したプロファイルで。"
    ),
    "List the wallets whose birth this client verified.": "このクライアントが誕生を検証したウォレットを並べます。",
    "Show a wallet's devices, policy and public descriptors (for Sparrow, Bitcoin Core and others to look on).": (
        "ウォレットの端末、ポリシー、公開のディスクリプタ（Sparrow や Bitcoin Core などで見るため）を示します。"
    ),
    "Exchange transactions with other programs.": "ほかのプログラムとトランザクションをやりとりします。",
    "Sign and send the PSBT in FILE, which another program made for this wallet.": (
        "ほかのプログラムがこのウォレットのために作った FILE の PSBT に署名し、送ります。"
    ),
    "It is shown as this client reads it; what it pays is what you confirm.": (
        "このクライアントが読んだとおりに示します。その支払いを、あなたが確かめます。"
    ),
    "Write the PSBT of a transfer to standard output: base64 at a terminal, binary into a file.": (
        "送金の PSBT を標準出力に書きます。端末へは base64、ファイルへはバイナリで。"
    ),
    "Show the next address at which WALLET receives; on chains of accounts it has one.": (
        "WALLET が受け取る次のアドレスを示します。アカウント型のチェーンではアドレスは一つです。"
    ),
    "This client derives the address itself from the key whose birth it verified, and refuses the service's if it is "
    "another one.": (
        "このクライアントが、誕生を検証した鍵から自分でアドレスを導き、サービスのものと違えば拒みます。"
    ),
    "Show what WALLET has on every chain, as the service's backends see it.": (
        "WALLET が各チェーンで持つものを、サービスのバックエンドが見るとおりに示します。"
    ),
    "Pay AMOUNT from WALLET to ADDRESS.": "WALLET から ADDRESS へ AMOUNT を支払います。",
    "AMOUNT has its unit ('0.015 BTC', '1500 sat', '0.2 ETH', '25 USDC'), or is, on Bitcoin, 'all' for "
    "everything that the wallet has.": (
        "AMOUNT には単位を付けます（'0.015 BTC'、'1500 sat'、'0.2 ETH'、'25 USDC'）。Bitcoin では"
        " 'all' でウォレットのすべてを送ります。"
    ),
    "The transaction is shown as this client reads it, then the passphrase is asked for, then the eight steps are "
    "shown as they happen. Ctrl-C is safe at any time and says how far it got.": (
        "このクライアントが読んだとおりにトランザクションを示し、パスフレーズをたずね、八つの段階をその都度示します。"
        "Ctrl-C はいつでも安全で、どこまで進んだかを告げます。"
    ),
    "Make the unconfirmed TRANSACTION of WALLET pay a higher fee.": (
        "WALLET の未承認の TRANSACTION に、より高い手数料を払わせます。"
    ),
    "A replacement pays the same recipients the same amounts; each fee bump is a new signature, so the devices and the "
    "passphrase are needed again.": (
        "置き換えは、同じ相手に同じ額を払います。手数料を上げるたびに新しい署名なので、端末とパスフレーズがまた必要です。"
    ),
    "One that the network refused is bumped in the same way: never pay again by another, both could be mined.": (
        "ネットワークに断られたものも、同じように手数料を上げます。別の送金で払い直さないでください。両方が承認されることがあります。"
    ),
    "Watch the TRANSFER of WALLET again, and authorize it again where the service needs that.": (
        "WALLET の送金 TRANSFER の続きを見ます。サービスに必要なら、もう一度承認します。"
    ),
    "The same request names the same transaction: authorized twice, it is still one payment.": (
        "同じ依頼は同じトランザクションを指します。二度承認しても、支払いは一つです。"
    ),
    "Show the transactions of WALLET, newest first.": "WALLET のトランザクションを、新しいものから示します。",
    "Give a transaction or an address of WALLET a label; an empty TEXT removes it.": (
        "WALLET のトランザクションかアドレスにラベルを付けます。TEXT が空なら消します。"
    ),
    "Show, as JSON, what a signer would see in FILE ('-': standard input) and every digest that it would sign.": (
        "FILE（'-' は標準入力）に署名者が見るものと、署名するダイジェストのすべてを、JSON で示します。"
    ),
    "FILE is a Bitcoin PSBT (binary, base64 or hexadecimal) or raw transaction; an Ethereum transaction, "
    "unsigned or signed, EIP-712 typed data or a personal message; or a Solana message or transaction. "
    "Nothing is asked of the service.": (
        "FILE は、Bitcoin の PSBT（バイナリ、base64、16進）か生のトランザクション、Ethereum のトラ"
        "ンザクション（署名の前か後）・EIP-712 の型付きデータ・個人メッセージ、または Solana のメッ"
        "セージかトランザクションです。サービスには何も尋ねません。"
    ),
    "Examine this machine: guards of the kernel, isolation, memory, start, processor, updates and settings.": (
        "このマシンを調べます: カーネルの守り、隔離、メモリ、起動、プロセッサ、更新、設定。"
    ),
    (
        "The layers of a signer's isolation are tried out in a short-lived process. Nothing is changed. "
        "What cannot be seen from here is shown as unknown, which is not the same as good."
    ): (
        "署名器の隔離の各層は短命のプロセスで実際に試します。何も変えません。ここから見えないものは「分からない」と示します。良いという意味ではありません。"
    ),
    "Access to the service. An API key alone moves nothing: signing takes your credential and passphrase.": (
        "サービスへのアクセス。API キーだけでは何も動きません。署名にはあなたの資格鍵とパスフレーズが要ります。"
    ),
    "Make an API key and show it, once: the service keeps only a hash of it.": (
        "API キーを作り、一度だけ示します。サービスはそのハッシュだけを持ちます。"
    ),
    "List the API keys by name.": "API キーを名前で並べます。",
    "End an API key at once.": "API キーをただちに終わらせます。",
    # --- help: options ---------------------------------------------------------------------------------------------
    "The owner's profile (default: WARIFU_HOME, or ~/.config/warifu).": (
        "所有者のプロファイル（既定: WARIFU_HOME、または ~/.config/warifu）。"
    ),
    "Language of the output (default: from LANG).": "出力の言語（既定: LANG から）。",
    "Show the version and exit.": "版を示して終わります。",
    "Print one JSON object, for scripts.": "スクリプトのために、JSON を一つ出力します。",
    "Read the passphrase from this open file descriptor instead of the terminal.": (
        "パスフレーズを、端末の代わりに、開いているこのファイル記述子から読みます。"
    ),
    "Do not ask for confirmation.": "確認をたずねません。",
    "Stay until the transaction has N confirmations.": "承認数が N になるまで待ちます。",
    "Let this device sign (repeat; default: those that are connected).": (
        "この端末に署名させます（繰り返し可。既定: 接続中の端末）。"
    ),
    "Most that may be paid in fees (default: exactly the fee that is shown). To be named with --yes where nothing is "
    "paid in the chain's own coin: for tokens, cancellations, 'wallet prepare'.": (
        "払ってよい手数料の上限（既定: 示されたちょうどの額）。チェーン自身のコインを払わないとき（トークン、取り消し、"
        "'wallet prepare'）に --yes を使うなら、必ず指定します。"
    ),
    "Bitcoin: in sat/vB (default: what the backends suggest).": (
        "Bitcoin：sat/vB で指定します（既定：バックエンドの提案）。"
    ),
    "Ask the devices whether they would sign; sign nothing.": "署名するかどうかを端末にたずねるだけで、署名しません。",
    "Bitcoin: the new fee rate in sat/vB.": "Bitcoin：新しい手数料率（sat/vB）。",
    "Bitcoin: spend an output of it at a high fee instead of replacing it.": (
        "Bitcoin：置き換えるかわりに、その出力を高い手数料で使います。"
    ),
    "The service's address as the device reaches it (default: as this client does).": (
        "端末から見たサービスのアドレス（既定: このクライアントと同じ）。"
    ),
    "Where this device keeps its sealed store (default: ~/.local/share/warifu/device).": (
        "この端末の封印された保管場所（既定: ~/.local/share/warifu/device）。"
    ),
    "File with this device's unlock key, on another medium than its store; '-' to type it.": (
        "この端末の解錠鍵のファイル。保管場所とは別の媒体に。'-' なら入力します。"
    ),
    "Make the unlock key file first.": "先に解錠鍵のファイルを作ります。",
    "Stay connected afterwards, as 'warifu signer run' does.": "そのあと 'warifu signer run' のように接続を続けます。",
    "How many devices must sign.": "署名に必要な端末の数。",
    "Give this device a share (repeat).": "この端末に断片を持たせます（繰り返し可）。",
    "TOML file: what the devices may sign.": "端末が署名してよいものを書いた TOML ファイル。",
    "Memory that one guess of the passphrase costs (Argon2id); every device must have it.": (
        "パスフレーズを 1 回試すのにかかるメモリ（Argon2id）。どの端末にも必要です。"
    ),
    "Passes over that memory for one guess.": "1 回試すごとに、そのメモリを何度通るか。",
    "List the addresses that were given out, make no new one.": "渡したアドレスを並べ、新しいものは作りません。",
    "Show the transfers and their states instead.": "代わりに、送金とその状態を示します。",
    "Write all labels as BIP-329 lines.": "すべてのラベルを BIP-329 の行で書き出します。",
    "Also tell what of it is this wallet's, and what it would sign.": (
        "どの部分がこのウォレットのものか、何に署名するかも示します。"
    ),
    "Bitcoin: network whose addresses are shown (default: the profile's, else bitcoin).": (
        "Bitcoin：アドレスを表示するネットワーク（既定：プロファイルのもの、なければ bitcoin）。"
    ),
    "Bitcoin: how many addresses per branch are searched.": "Bitcoin：枝ごとに調べるアドレスの数。",
    "End with exit code 14 where anything is missing.": "欠けているものがあれば、終了コード 14 で終わります。",
    "Show every check, with its reason and what to do.": "すべての検査を、理由と対処とともに示します。",
    "Also run kernel-hardening-checker, where it is installed.": (
        "kernel-hardening-checker が入っていれば、それも実行します。"
    ),
    "Also write the report to this file, for devices whose agent sees less (see docs/host.md).": (
        "見える範囲の狭い端末のエージェントのため、報告をこのファイルにも書きます（docs/host.md）。"
    ),
    "What it may do (repeat); no scope contains another.": "許すこと（繰り返し可）。どの権限も他の権限を含みません。",
    # --- setting up ------------------------------------------------------------------------------------------------
    "API key: ": "API キー: ",
    "The profile is ready.": "プロファイルができました。",
    "profile": "プロファイル",
    "service": "サービス",
    "certificate": "証明書",
    "A SIMULATION: connect devices that ask for this exchange's host to that address (repeat).": (
        "シミュレーション: デバイスがこの取引所のホストを求めたとき、このアドレスにつなぎます(繰り返し可)。"
    ),
    "SIMULATION: {what} is no real exchange": "シミュレーション: {what} は本物の取引所ではありません",
    "no chain backend was named: add one to service.toml before you receive or send": (
        "チェーンのバックエンドがありません。受け取りや支払いの前に service.toml に加えてください"
    ),
    "Keep a backup of the profile and of the unlock key, in two different places.": (
        "プロファイルと解錠鍵の控えを、別々の場所に置いてください。"
    ),
    "Next: warifu up": "次は: warifu up",
    "The service answers at {url}": "サービスが {url} で応えています",
    "Authorize the same transfer again?": "同じ送金をもう一度承認しますか",
    "Set up this machine: your profile, a custody service, and a device of its own.": (
        "このマシンを用意します: プロファイル、カストディサービス、このマシンの端末。"
    ),
    "Nothing that exists is overwritten. Afterwards 'warifu up' starts it.": (
        "今あるものは上書きしません。そのあと 'warifu up' で動かします。"
    ),
    "Bitcoin network.": "Bitcoin のネットワーク。",
    "Where the service listens.": "サービスが待ち受けるアドレス。",
    "Its port.": "そのポート。",
    "Its address as clients and devices reach it (default: https://LISTEN:PORT).": (
        "クライアントと端末から見たアドレス（既定: https://LISTEN:PORT）。"
    ),
    "Chain backend: esplora, core, electrum or compact-filters for Bitcoin; CHAIN:rpc for others (repeat; the "
    "first of a chain is preferred).": (
        "チェーンのバックエンド: Bitcoin には esplora、core、electrum、compact-filters、"
        "ほかのチェーンには CHAIN:rpc（繰り返し可。チェーンごとに先のものが優先）。"
    ),
    "Cookie file with which the node of '--backend core=...' lets its users in.": (
        "「--backend core=...」のノードが利用者を認めるためのクッキーファイル。"
    ),
    "How often the chain is asked.": "チェーンにたずねる間隔（秒）。",
    "The service's directory.": "サービスのディレクトリ。",
    "Make this file with the key of the service's database, instead of leaving it to the local device.": (
        "サービスのデータベースの鍵をこのファイルに作ります（端末に任せる代わりに）。"
    ),
    "Name of this machine's own device.": "このマシンの端末の名前。",
    "No device on this machine; needs --storage-key.": "このマシンに端末を置きません。--storage-key が必要です。",
    "Make this file with the device's unlock key; choose another medium than its store (a USB stick).": (
        "端末の解錠鍵をこのファイルに作ります。保管場所とは別の媒体（USB メモリなど）を選んでください。"
    ),
    "Make a profile for a service on another machine; asks for an API key of it.": (
        "別のマシンのサービスのためのプロファイルを作ります。その API キーをたずねます。"
    ),
    "The fingerprint is in the profile on the service's machine; bring it here by your own hand.": (
        "指紋はサービスのマシンのプロファイルにあります。自分の手で運んでください。"
    ),
    "SHA-256 of the service's certificate.": "サービスの証明書の SHA-256。",
    "Start the custody service and this machine's own device, and keep them running until Ctrl-C.": (
        "カストディサービスとこのマシンの端末を、Ctrl-C まで動かします。"
    ),
    "At the first start the device of this machine is enrolled with your profile.": (
        "最初に動かすとき、このマシンの端末をプロファイルに登録します。"
    ),
    "File with the key of the service's database (default: the local device has it).": (
        "サービスのデータベースの鍵のファイル（既定: 端末が持っています）。"
    ),
    # --- the simulated exchanges -----------------------------------------------------------------------------------
    "Run a simulation of Coinbase and Binance on this machine, for rehearsals: nothing in it is worth anything.": (
        "Coinbase と Binance の模擬をこのマシンで動かします。練習用で、その中のものに価値はありません。"
    ),
    (
        "It answers under the exchanges' own names on one loopback port, over TLS by an authority of its own, and "
        "moves coins on a local Bitcoin chain. Its control door makes customers and bad days."
    ): (
        "一つのループバックポートで、取引所自身の名前で、自前の認証局の TLS で答え、"
        "手元の Bitcoin チェーンでコインを動かします。制御口から顧客と悪い日を作れます。"
    ),
    "Where it keeps what it remembers (default: nowhere).": "覚えていることを置く場所（既定：どこにも置かない）。",
    "Port on 127.0.0.1; 0 lets the system choose.": "127.0.0.1 のポート。0 ならシステムが選びます。",
    "Esplora interface of a local regtest chain (default: one of its own).": (
        "手元の regtest チェーンの Esplora インターフェース（既定：自前のチェーン）。"
    ),
    "JSON-RPC of a local Solana chain (default: none).": "手元の Solana チェーンの JSON-RPC（既定：なし）。",
    "JSON-RPC of a local Ethereum chain (default: none).": "手元の Ethereum チェーンの JSON-RPC（既定：なし）。",
    "Seconds after which the house changes its offers; 0: never.": "胴元が気配を変えるまでの秒数。0：変えない。",
    "After how many blocks a deposit is credited.": "入金を認めるまでのブロック数。",
    "This is a simulation of exchanges: nothing in it is worth anything.": (
        "これは取引所の模擬です。その中のものに価値はありません。"
    ),
    "hosts": "ホスト",
    "address": "アドレス",
    "authority": "認証局",
    "control door": "制御口",
    "Bitcoin chain": "Bitcoin チェーン",
    "Ctrl-C ends it.": "Ctrl-C で終わります。",
    "The simulation has ended.": "模擬を終わりました。",
    # --- the demo --------------------------------------------------------------------------------------------------
    "Play the eight steps of a transfer with three devices on a local chain, and what must not work.": (
        "三つの端末と手元のチェーンで、送金の八つの段階と、通ってはならないことを見せます。"
    ),
    "It takes less than two minutes, uses real processes and real roads, and leaves nothing behind.": (
        "二分もかかりません。本物のプロセスと本物の道を使い、何も残しません。"
    ),
    "Keep the temporary directory for a look.": "見られるように、一時ディレクトリを残します。",
    "Warifu: the eight steps of a transfer, on this machine, for real.": (
        "割符: 送金の八つの段階を、このマシンで、本当に。"
    ),
    "The platform is UnsafeSoftware: isolation by the operating system, and no TEE.": (
        "プラットフォームは UnsafeSoftware です: OS による隔離だけで、TEE ではありません。"
    ),
    "Three chains, one service, three devices": "三つのチェーン、一つのサービス、三つの端末",
    "A regtest chain judged by Bitcoin Core's own engine (its mempool rules are ours): {url}": (
        "Bitcoin Core のエンジンが裁く regtest チェーン（mempool の規則は自前）: {url}"
    ),
    "The custody service runs; its database is locked with a key from the device 'home'.": (
        "カストディサービスが動いています。データベースは端末 'home' の鍵で閉じています。"
    ),
    "'{name}' and the owner both show {digits}: nobody sits between them": (
        "'{name}' と所有者の両方に {digits} が出ています。間に誰もいません"
    ),
    "three devices are enrolled and connected, each with an enclave process": (
        "三つの端末が登録され、つながりました。それぞれにエンクレーブがあります"
    ),
    "'{name}': {count} layers of isolation on; not on: {off}": "'{name}': 隔離の層 {count}、効いていない層: {off}",
    "Keys are born in three pieces, and never exist whole": "鍵が三つに割られて生まれ、全体はどこにもありません",
    "all three devices signed the same birth: {keys}": "三つの端末が同じ誕生に署名しました: {keys}",
    "the owner's client derives the address itself: {address}": (
        "所有者のクライアントが自分でアドレスを導きます: {address}"
    ),
    "{amount} arrived in block: {txid}": "{amount} がブロックに入りました: {txid}",
    "The eight steps of a transfer, signed by '{a}' and '{b}'": "送金の八つの段階。署名は '{a}' と '{b}'",
    "the owner labels it: {label}": "所有者がラベルを付けます: {label}",
    "'{name}' is switched off; the other two sign": "'{name}' を切り、残りの二つが署名します",
    "The processes of '{name}' have ended.": "'{name}' のプロセスは終わりました。",
    "read by the owner's client from the transaction itself: {amount} to {address}, fee {fee} sat": (
        "所有者のクライアントがトランザクションから読んだもの: {amount} を {address} へ、手数料 {fee} sat"
    ),
    "each device computes what it signs itself: {digest}": "各端末が署名するものを自分で計算します: {digest}",
    "accepted: {txid}": "受け入れられました: {txid}",
    "Bitcoin Core's engine accepted it in block {block}": "Bitcoin Core のエンジンがブロック {block} に受け入れました",
    "each signer wrote it down": "各署名者が日誌に書きました",
    "Three refusals": "三つの拒否",
    "a swapped output under a genuine authorization: {reason}": "本物の承認に、すり替えた出力: {reason}",
    "'{name}' would not sign it: {reason}": "'{name}' は署名しません: {reason}",
    "one signer alone: {reason}": "署名者一人だけ: {reason}",
    "a wrong passphrase: {reason}": "違うパスフレーズ: {reason}",
    "A thief takes the disk of '{name}' and the service's disk": (
        "泥棒が '{name}' のディスクとサービスのディスクを取ります"
    ),
    "{count} files, {bytes} bytes, each byte is searched": "{count} ファイル、{bytes} バイトを、一バイトずつ探します",
    "the search works: it finds the service's address, which is public": (
        "探し方は確かです: 公開されているサービスのアドレスは見つかります"
    ),
    "no address, no amount, no label, no key, no passphrase": (
        "アドレスも、金額も、ラベルも、鍵も、パスフレーズもありません"
    ),
    "{count} databases, none of which opens without its key": "データベース {count} 個、どれも鍵なしには開きません",
    "without its unlock key the device does not open: {reason}": "解錠鍵なしには端末は開きません: {reason}",
    "All {count} checks passed in {seconds} seconds.": "{count} の確認がすべて {seconds} 秒で通りました。",
    "the files stay in {root}": "ファイルは {root} に残っています",
    # --- chains of accounts, messages --------------------------------------------------------------------------------
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
    # --- quicknode ---------------------------------------------------------------------------------------------------
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
    # --- devices: what they run on ---
    "Look at what every device runs on: kind, tier, evidence, and whether it is still what you accepted.": (
        "各端末が何の上で動いているかを見ます。種類、階層、証拠、そして承認したときのままかどうか。"
    ),
    "Each connected device is asked now, and what it shows is checked here. Nothing is believed that the service "
    "says. The exit code is 15 where one is not what you accepted.": (
        "接続中の各端末に今たずね、示された証拠をここで検証します。サービスの言うことは何も信じません。"
        "承認したときと異なる端末があれば、終了コードは 15 です。"
    ),
    "Show everything about the device NAME: what was checked, what cannot be, and what it says of itself.": (
        "端末 NAME についてすべて表示します。検証したこと、検証できないこと、端末自身が言うこと。"
    ),
    "Accept the device NAME as what it is now: after an upgrade, a new kernel, a repair.": (
        "端末 NAME を今の状態のまま承認します。更新、カーネルの入れ替え、修理などのあとに使います。"
    ),
    "Every wallet of the device is told, by you and with its passphrase: its devices work with NAME again from then "
    "on. Those that are away now can be told later by the same command; the exit code is 13 until all are.": (
        "その端末の各ウォレットに、あなたがパスフレーズとともに知らせます。"
        "以後、ウォレットの端末は NAME と再び一緒に働きます。"
        "今つながっていない端末には、あとで同じコマンドで知らせられます。すべてに知らせるまで、終了コードは 13 です。"
    ),
    "Evidence of the format {kind}, {count} bytes.": "形式 {kind} の証拠、{count} バイト。",
    "Keep it there (a device's 'endorsements' directory) instead of with this client.": (
        "このクライアントの代わりに、そこ（端末の 'endorsements' ディレクトリ）に保存します。"
    ),
    "Write the evidence of the device NAME to FILE, for 'warifu evidence verify' and 'warifu evidence refresh'.": (
        "端末 NAME の証拠を FILE に書きます。'warifu evidence verify' と 'warifu evidence refresh' で使えます。"
    ),
    "{release} (another than when you accepted it)": "{release}（承認したときとは別のもの）",
    "its host cannot read its memory": "ホストはメモリを読めない",
    "a key in a chip": "チップの中の鍵",
    "it seals for itself and this program alone": "自分とこのプログラムだけのために封じる",
    "what is sealed survives an upgrade": "封じたものは更新後も開く",
    "it knows an old disk": "古いディスクを見分ける",
    "the chip counts wrong passphrases": "チップが誤ったパスフレーズを数える",
    "its evidence convinces strangers": "証拠は他人をも納得させる",
    "fit for real money by itself": "それだけで本物の資金に足りる",
    "Is it right that {name} is this now?": "{name} は今この状態で正しいですか。",
    "It says of itself (a compromised machine can say anything):": (
        "端末自身の言うこと（侵された機械は何とでも言えます）:"
    ),
    "NOT what you accepted ({check})": "承認したときと異なります（{check}）",
    "The device {name} is accepted as what it is.": "端末 {name} を今の状態で承認しました。",
    "accepted": "承認",
    "advisories": "既知の弱点",
    "as accepted": "承認したとおり",
    "cannot be checked": "検証できません",
    "checked": "検証したこと",
    "days": "日",
    "hours": "時間",
    "minutes": "分",
    "seconds": "秒",
    "declared": "申告",
    "missing": "なし",
    "unknown": "不明",
    "ok": "良好",
    "evidence": "証拠",
    "firmware": "ファームウェア",
    "program": "プログラム",
    "never": "まだ一度も",
    "never accepted": "未承認",
    "nobody looked at it": "誰も調べていません",
    "not looked at ({code})": "見られませんでした（{code}）",
    "not proven": "証明されないこと",
    "looking at the devices": "端末を調べています",
    "nothing; the first failed check: {check}": "なし。最初に失敗した検証: {check}",
    "seen {age} ago": "{age}前に確認",
    "{age} ago": "{age}前",
    "{name} runs on: {kind}": "{name} の基盤: {kind}",
    "{name} was not told: {code}": "{name} には知らせられませんでした: {code}",
    "what {name} shows of itself cannot be checked here ({check}): it counts as tier 0": (
        "{name} の示す証拠はここでは検証できません（{check}）。階層 0 として扱います"
    ),
    "signature, chain to the maker's root, validity, debug mode, and that it answers this very question": (
        "署名、製造者のルートまでの鎖、有効期間、デバッグモード、そしてまさにこの問いへの答えであること"
    ),
    "that the identity which you compared answered this very question": (
        "あなたが照合した鍵が、まさにこの問いに答えたこと"
    ),
    "isolation by software: nothing about the device is proven": (
        "ソフトウェアによる隔離。端末については何も証明されません"
    ),
    "measured boot and a chip: the share is sealed to this machine, and enters ordinary memory while it signs": (
        "測定された起動とチップ。分散鍵はこの機械に封じられ、署名のあいだは普通のメモリに入ります"
    ),
    "a confidential machine or enclave: its host cannot read its memory": (
        "機密仮想機械またはエンクレーブ。ホストはそのメモリを読めません"
    ),
    "which program answers, and on which machine; it holds the identity that you compared": (
        "どのプログラムがどの機械で答えているか。ただし、あなたが照合した鍵を持っています"
    ),
    "what a compromised kernel does after the boot that was measured, and what root of that machine reads": (
        "測定された起動のあとに、侵されたカーネルが何をするか。その機械の root が何を読むか"
    ),
    "physical attacks on the memory bus, and weaknesses that are not published yet": (
        "メモリバスへの物理攻撃と、まだ公表されていない弱点"
    ),
    "side channels, physical attacks on the memory bus, and weaknesses that are not published yet": (
        "サイドチャネル、メモリバスへの物理攻撃、まだ公表されていない弱点"
    ),
    "the owner of the host, who is the maker of the enclave as well": (
        "ホストの持ち主。エンクレーブの作り手でもあります"
    ),
    # warifu evidence
    "The evidence of a device is not genuine, or not enough for the appraisal policy.": (
        "デバイスの証拠が本物でないか、評価ポリシーに足りません。"
    ),
    "Judge what devices show of themselves: TPM quotes, SEV-SNP reports, TDX and SGX quotes, Nitro documents.": (
        "デバイスが自らについて示すもの（TPM のクォート、SEV-SNP のレポート、TDX と SGX のクォート、Nitro の文書）を"
        "評価します。"
    ),
    "Appraise the evidence in FILE ('-': standard input), offline, and report what was measured.": (
        "FILE（「-」は標準入力）の証拠を、ネットワークなしで評価し、何が測定されたかを示します。"
    ),
    "Without --policy it judges genuineness only: the signature, the chain to the vendor's pinned root, validity at "
    "--now, and that the enclave is not in debug mode. The exit code is 0 only when the appraisal affirms; it is 15 "
    "where the evidence is not genuine or not enough, and the first check that failed is named.": (
        "--policy がなければ、本物かどうかだけを評価します。つまり署名、製造元の固定されたルートまでの証明書の連鎖、"
        "--now の時点での有効性、そしてデバッグモードでないことです。終了コードは、評価が肯定したときだけ 0 です。"
        "証拠が本物でないか足りないときは 15 で、最初に失敗した検査の名前を示します。"
    ),
    "What FILE is (dcap: a TDX or SGX quote; it says itself which).": (
        "FILE の種類（dcap：TDX か SGX のクォート。どちらかは自らが示します）。"
    ),
    "Certificates or revocation lists (DER or PEM, one or several), or DCAP collateral (JSON).": (
        "証明書か失効リスト（DER か PEM、一つでも複数でも）、または DCAP のコラテラル（JSON）。"
    ),
    "Judge as at this time: RFC 3339, or seconds since 1970 (default: the clock).": (
        "この時点として評価します：RFC 3339、または 1970 年からの秒数（既定：時計）。"
    ),
    "It must answer this nonce.": "このナンスに答えたものでなければなりません。",
    "It must carry exactly this report data.": "ちょうどこのレポートデータを持たなければなりません。",
    "Your appraisal policy, TOML (default: genuineness alone).": (
        "あなたの評価ポリシー、TOML（既定：本物かどうかだけ）。"
    ),
    "Trust this certificate beside the vendor's pinned root.": (
        "製造元の固定されたルートに加えて、この証明書を信頼します。"
    ),
    "tpm: a public key (DER or PEM) that was bound to its TPM before.": (
        "tpm：以前その TPM に結び付けられた公開鍵（DER か PEM）。"
    ),
    "A root that you named is trusted beside the vendor's own. If the evidence leads to it, the vendor has confirmed "
    "nothing.": (
        "製造元のルートに加えて、あなたが挙げたルートを信頼しています。証拠がそこに行き着くなら、製造元は何も"
        "確認していません。"
    ),
    "Judge also by what 'warifu evidence refresh' has kept.": (
        "「warifu evidence refresh」が保存した文書も使って評価します。"
    ),
    "Fetch what the evidence in FILE is judged by, check it down to the vendor's root, and keep it.": (
        "FILE の証拠を評価するための文書を取得し、製造元のルートまで検査して、保存します。"
    ),
    "Whoever is asked learns the kind of machine (Intel) or the very chip (AMD). Documents older than the kept ones "
    "are refused. 'warifu evidence verify --kept' uses what was kept, offline.": (
        "問い合わせ先は、機械の種類（Intel）またはそのチップそのもの（AMD）を知ります。保存済みの文書より古いものは"
        "拒否します。「warifu evidence verify --kept」は、保存した文書をネットワークなしで使います。"
    ),
    "Ask this service (a PCCS, a mirror) instead of the vendor's own.": (
        "製造元のサービスの代わりに、このサービス（PCCS やミラー）に問い合わせます。"
    ),
    "Evidence of this format brings along what it is judged by; there is nothing to fetch.": (
        "この形式の証拠は、評価に使う文書を自ら持っています。取得するものはありません。"
    ),
    "Document": "文書",
    "Renew before": "更新の期限",
    "new": "新しい",
    "as before": "前と同じ",
    "Affirmed.": "肯定されました。",
    "Not affirmed. The first check that failed: {check}": "肯定されませんでした。最初に失敗した検査：{check}",
    "Tier": "段階",
    "Debug mode": "デバッグモード",
    "YES: its host may read its memory": "はい：ホストがメモリーを読めます",
    "Report data": "レポートデータ",
    "Nonce": "ナンス",
    "Firmware": "ファームウェア",
    "Vendor's verdict": "製造元の判定",
    "Known weaknesses": "既知の弱点",
    "Attributes": "属性",
    "Chip": "チップ",
    "Made": "作成",
    "Can be checked until": "検査できる期限",
    "Checked: signature, the chain to a trusted root, validity at {moment}, and the policy {policy}.": (
        "検査したもの：署名、信頼するルートまでの連鎖、{moment} の時点での有効性、ポリシー {policy}。"
    ),
    "'genuine, and no debug mode'": "「本物であり、デバッグモードでない」",
    "Without --policy nobody has said which measurements are right: compare them with your release's.": (
        "--policy がなければ、どの測定値が正しいかは誰も述べていません。お使いのリリースの値と比べてください。"
    ),
    "0: counts as isolation by software": "0：ソフトウェアによる分離とみなされます",
    "1: measured boot and a hardware root of trust; the share enters ordinary memory while signing": (
        "1：測定されたブートとハードウェアの信頼の起点。署名の間、シェアは通常のメモリーに入ります"
    ),
    "2: a confidential machine or enclave, whose memory the host cannot read": (
        "2：機密マシンかエンクレーブ。ホストはそのメモリーを読めません"
    ),
    "TPM 2.0: a quote over what was measured at boot": "TPM 2.0：ブート時に測定されたもののクォート",
    "AMD SEV-SNP: a report about a confidential virtual machine": "AMD SEV-SNP：機密仮想マシンのレポート",
    "Intel TDX: a quote about a trust domain (a confidential virtual machine)": (
        "Intel TDX：トラストドメイン（機密仮想マシン）のクォート"
    ),
    "Intel SGX: a quote about an enclave": "Intel SGX：エンクレーブのクォート",
    "AWS Nitro: an attestation document of an enclave": "AWS Nitro：エンクレーブのアテステーション文書",
    "What cannot be checked: whether somebody with the machine in hand attacks its chip or its memory, and whether "
    "the program that was measured is a good one.": (
        "検査できないもの：マシンを手にした誰かがチップやメモリーを攻撃していないか、また、測定されたプログラムが"
        "良いものかどうか。"
    ),
    "What cannot be checked: what happens after boot. A TPM is no enclave: whoever rules the running kernel reads the "
    "memory.": (
        "検査できないもの：ブートのあとに起きること。TPM はエンクレーブではなく、動いているカーネルを支配する者は"
        "メモリーを読めます。"
    ),
    "What cannot be checked: AWS itself, which makes, runs and vouches for this machine; and whether the program that "
    "was measured is a good one.": (
        "検査できないもの：このマシンを作り、動かし、保証する AWS 自身。また、測定されたプログラムが良いものかどうか。"
    ),
    "Certificate of the maker of the device's TPM (DER or PEM). Repeatable.": (
        "端末の TPM の製造者の証明書（DER または PEM）。繰り返し指定できます。"
    ),
    "nobody vouches for the TPM of {name} ({detail}): it counts as tier 0. With the certificate of its maker: "
    "warifu devices accept {name} --root FILE": (
        "{name} の TPM を保証する者がいません（{detail}）。階層 0 として扱います。"
        "製造者の証明書があれば: warifu devices accept {name} --root FILE"
    ),
    "the TPM of {name} is a simulator: a program that keeps no secret from its host": (
        "{name} の TPM はシミュレータです。ホストに対して何も秘密にできないプログラムです"
    ),
    # --- warifu tpm ---
    "A device whose share is sealed by its machine's TPM, and opens only as its owner approved that it boots.": (
        "分散鍵がその機械の TPM で封じられ、持ち主が承認した起動でしか開かない端末。"
    ),
    "Accept a simulator (swtpm), which protects nothing.": "シミュレータ（swtpm）を受け入れます。何も守りません。",
    "Approve only a change that you made yourself: a new kernel, new firmware. From then on the device's store opens "
    "when it boots so.": (
        "自分で行った変更（新しいカーネル、新しいファームウェア）だけを承認してください。"
        "以後、端末の保管庫はその起動で開きます。"
    ),
    "Approve what a device booted. REQUEST is what it shows.": (
        "端末が起動したものを承認します。REQUEST は端末が表示する文字列です。"
    ),
    "Ask the owner to approve what this machine booted, after an update. The device must not be running.": (
        "更新のあと、この機械が起動したものの承認を持ち主に求めます。端末は動いていてはいけません。"
    ),
    "Did you change what this device boots, or set it up just now?": (
        "この端末の起動するものを自分で変えましたか、または今設定したところですか。"
    ),
    "End a lock-out of the TPM after too many wrong passphrases. Needs the secret that 'set-up' showed.": (
        "誤ったパスフレーズが続いたあとの TPM の締め出しを終わらせます。'set-up' が表示した秘密が必要です。"
    ),
    "Give this device the owner's APPROVAL. The device must not be running.": (
        "持ち主の APPROVAL をこの端末に渡します。端末は動いていてはいけません。"
    ),
    "How the TPM is reached.": "TPM への接続先。",
    "Is it written down?": "書き留めましたか。",
    "It keeps a key in the TPM, sets how wrong passphrases are counted, and shows a secret that alone can end a "
    "lock-out: write it down. Then it asks for your approval of what is booted now; without it nothing that is sealed "
    "ever opens.": (
        "TPM に鍵を置き、誤ったパスフレーズの数え方を決め、締め出しを終わらせられる唯一の秘密を表示します。"
        "書き留めてください。そのあと、今起動しているものの承認を求めます。承認がなければ、封じたものは決して開きません。"
    ),
    "On the device:": "端末で:",
    "On the owner's client:": "持ち主のクライアントで:",
    "Print the public key by which devices know your approvals. The key itself stays in your profile.": (
        "端末があなたの承認を見分けるための公開鍵を表示します。鍵そのものはプロファイルに残ります。"
    ),
    "Remove from the TPM what 'set-up' put there, and nothing else. What this device sealed never opens again.": (
        "'set-up' が TPM に置いたものだけを取り除きます。この端末が封じたものは二度と開きません。"
    ),
    "Secret that 'warifu tpm set-up' showed": "'warifu tpm set-up' が表示した秘密",
    "Set this machine's device up with its TPM, before it is enrolled.": (
        "この機械の端末を、登録の前に、その TPM で設定します。"
    ),
    "TPM": "TPM",
    "Take back, for good, every approval older than the one of this boot.": (
        "この起動の承認より古い承認を、すべて永久に取り消します。"
    ),
    "The TPM counts from zero again.": "TPM は再び 0 から数えます。",
    "The TPM is as it was before.": "TPM は以前の状態に戻りました。",
    "The approval is kept: what is sealed opens under this boot.": (
        "承認を保存しました。封じたものはこの起動で開きます。"
    ),
    "The device's share will be lost. Go on?": "端末の分散鍵は失われます。続けますか。",
    "What 'warifu tpm update-key' printed for the owner.": "持ち主の 'warifu tpm update-key' が表示したもの。",
    "Write this down, away from the device: it alone ends a lock-out of the TPM.": (
        "端末から離れたところに書き留めてください。TPM の締め出しを終わらせられるのはこれだけです。"
    ),
    "approval number": "承認番号",
    "measured": "測定対象",
    "values": "値",
    # --- the demo's TPM ---
    "the library tpm2-pytss is not installed": "ライブラリ tpm2-pytss がありません",
    "swtpm is not installed": "swtpm がありません",
    "No TPM simulator ({why}), so all devices run on UnsafeSoftware: tools/setup-tpm.sh": (
        "TPM シミュレータがない（{why}）ので、どの端末も UnsafeSoftware で動きます: tools/setup-tpm.sh"
    ),
    "'{name}' seals with a TPM 2.0. Here it is a simulator (swtpm), which protects nothing; the commands are real.": (
        "'{name}' は TPM 2.0 で封じます。ここではシミュレータ（swtpm）で、何も守りません。命令は本物です。"
    ),
    "'{name}' shows for this very question: {kind}, {count} measurements; it counts as tier {tier}": (
        "'{name}' がまさにこの問いに示したもの: {kind}、測定値 {count} 個。階層 {tier} として扱います"
    ),
    "with its unlock key, but another kernel command line, its TPM keeps it shut: {reason}": (
        "解錠鍵があっても、カーネルのコマンドラインが異なれば、TPM が閉じたままにします: {reason}"
    ),
    "started again as its owner approved it, it opens": "持ち主が承認したとおりに起動し直すと、開きます",
    # --- the appliance ---
    "A device whose signer runs in a virtual machine: a small measured system, and a share that opens only in it.": (
        "署名者が仮想マシンで動く端末。測定された小さなシステムで、分散鍵はその中でだけ開きます。"
    ),
    "It is no enclave: whoever controls this computer can read the virtual machine's memory and its virtual TPM.": (
        "エンクレーブではありません。このコンピュータを支配する者は、仮想マシンのメモリと仮想 TPM を読めます。"
    ),
    "The folder that tools/build-appliance.sh printed.": "tools/build-appliance.sh が表示したフォルダ。",
    "Make this machine's device an appliance, before it is enrolled.": (
        "この機械の端末を、登録の前に、アプライアンスにします。"
    ),
    "It is started once, sets its virtual TPM up, and asks for your approval of what it booted. Then enrol it with "
    "'warifu signer join' and start it with 'warifu signer run', as every device.": (
        "一度起動し、仮想 TPM を設定し、起動したものの承認を求めます。そのあとは他の端末と同じく、"
        "'warifu signer join' で登録し、'warifu signer run' で起動します。"
    ),
    "Start the device from another image, from now on. It must not be running.": (
        "これからは別のイメージから端末を起動します。端末は動いていてはいけません。"
    ),
    "The new image is started once and asks for your approval; without it the share stays shut in it.": (
        "新しいイメージを一度起動し、承認を求めます。承認がなければ、その中で分散鍵は閉じたままです。"
    ),
    "The appliance is started; this can take some minutes.": (
        "アプライアンスを起動しています。数分かかることがあります。"
    ),
    "What it printed (warifu-approval:...)": "そこに表示されたもの（warifu-approval:...）",
    # --- keepers of a sealing secret ---
    "Devices of the wallet that get a piece (default: all others).": (
        "断片を預かる、ウォレットの端末（既定: 他のすべて）。"
    ),
    "How many of them open the device.": "そのうち何台で端末が開くか。",
    "The wallet whose devices they are.": "それらの端末が属するウォレット。",
    "Have the device NAME, whose TEE has no sealing key, deal its sealing secret to keepers that open it from then "
    "on.": (
        "TEE に封印鍵のない端末 NAME に、封印の秘密を預かり手へ分けさせます。以後はその預かり手が端末を開きます。"
    ),
    "Without it such a device is lost when its power fails. Do it right after the wallet was made, before money comes, "
    "and again when a keeper is replaced: each time a new secret is dealt.": (
        "これをしないと、そのような端末は電源が切れたときに失われます。ウォレットを作った直後、入金の前に行い、"
        "預かり手を替えたときにも行ってください。毎回、新しい秘密が分けられます。"
    ),
    "So few keepers open this device's store that only the passphrase keeps its share from them.": (
        "この端末を開く預かり手がこれほど少ないと、その分散鍵を預かり手から守るのはパスフレーズだけになります。"
    ),
    "Any {threshold} of {names} will open {name} when it starts. Hand its secret out?": (
        "{names} のうち {threshold} 台で、起動時に {name} が開きます。秘密を分けますか。"
    ),
    "{name} starts by its keepers from now on: {names}.": "{name} は、これからは次の預かり手によって開きます: {names}",
    "opened by": "開く端末",
    "NOBODY: it is lost when its power fails ('warifu devices hand-out')": (
        "なし: 電源が切れると失われます（'warifu devices hand-out'）"
    ),
    "Nobody holds this device's sealing secret yet: if it ends now, it is lost. Make its wallet, then "
    "run 'warifu devices hand-out {name}'.": (
        "この端末の封印の秘密は、まだ誰も預かっていません。いま終わると失われます。ウォレットを作ってから "
        "'warifu devices hand-out {name}' を実行してください。"
    ),
    "waits for its keepers": "預かり手を待っています",
    "What is measured that must not change (default: 0,2,4,7,8,9).": (
        "変わってはならない測定対象（既定: 0,2,4,7,8,9）。"
    ),
    "Type the secret that an interrupted set-up showed.": "中断した設定が表示した秘密を入力します。",
    # --- audits of journals ---
    " (and {count} more were not written)": "（ほかに {count} 件は記録されませんでした）",
    "(of another wallet)": "（別のウォレットのもの）",
    "A new file in place of standard output; it is written whole or not at all.": (
        "標準出力の代わりの新しいファイル。すべて書かれるか、まったく書かれないかのどちらかです。"
    ),
    "Audit of the wallet {name}": "ウォレット {name} の監査",
    "Check the journals of WALLET's devices against each other, this client's records and the chain.": (
        "WALLET の端末の日誌を、互いに、このクライアントの記録と、そしてチェーンと照らし合わせます。"
    ),
    "Each entry is signed by its device and follows from the one before it; what devices signed together "
    "stands in each of their journals; and each remembers how far the others' were, signed by them, so that "
    "none can rewrite what it showed. What the service alone says is told as such.": (
        "どの項目もその端末が署名し、前の項目に連なります。端末が一緒に署名したものは、それぞれの日誌"
        "にあります。また各端末は、ほかの端末の日誌がどこまで進んでいたかを、その署名とともに覚えてい"
        "るので、一度見せたものはどの端末も書き換えられません。サービスだけが言うことは、そうと示しま"
        "す。"
    ),
    "Findings": "見つかったこと",
    "JSON Lines with every proof, or a report for people.": "すべての証明を含む JSON Lines、または人が読む報告。",
    "Journal of {device}": "{device} の日誌",
    "NOT READ": "未確認",
    "No service is asked. 'warifu audit verify WALLET --offline FILE...' checks the files of several devices "
    "against each other. All of the device's wallets are in it: give it to their owners alone.": (
        "サービスには問い合わせません。複数の端末のファイルは 'warifu audit verify WALLET --offline "
        "FILE...' で互いに照らし合わせます。端末のすべてのウォレットが含まれるので、その所有者にだけ"
        "渡してください。"
    ),
    "Nothing is wrong in what could be looked at; not everything could.": (
        "確認できた範囲に誤りはありません。ただし、すべては確認できませんでした。"
    ),
    "Nothing is wrong.": "誤りはありません。",
    "Nothing was found.": "何も見つかりませんでした。",
    "Read these files instead ('warifu signer journal' on each device), and ask nobody.": (
        "代わりにこれらのファイル（各端末の 'warifu signer journal'）を読み、だれにも問い合わせません。"
    ),
    "The exit code is 0 where nothing is wrong, 7 where something is, and 13 where not everything could be "
    "looked at.": (
        "終了コードは、誤りがなければ 0、誤りがあれば 7、すべては確認できなかったときは 13 です。"
    ),
    "The file is written whatever was found, and says so. The exit code is that of 'warifu audit verify'.": (
        "何が見つかってもファイルは書かれ、そこに記されます。終了コードは 'warifu audit verify' と同じです。"
    ),
    "The file; it is written whole or not at all.": (
        "ファイル。すべて書かれるか、まったく書かれないかのどちらかです。"
    ),
    "Transfers": "送金",
    "WRONG": "誤り",
    "What each device wrote down, checked.": "各端末が書き留めたものを確かめます。",
    "Write over a file that is there.": "すでにあるファイルに上書きします。",
    "Write the journals of WALLET's devices into a file, checked as 'warifu audit verify' does.": (
        "WALLET の端末の日誌を、'warifu audit verify' と同じく確かめたうえで、ファイルに書きます。"
    ),
    "Write this machine's device's own journal as JSON Lines, with every proof.": (
        "このマシンの端末の日誌を、すべての証明とともに JSON Lines で書き出します。"
    ),
    "Written: {path}": "書きました: {path}",
    "a call of {to} with {amount}": "{amount} を添えた {to} の呼び出し",
    "a message for {to}": "{to} へのメッセージ",
    "request {request} allowed on {chain}: {outflows}; fee at most {fee}; {transaction}; with {devices}; "
    "rules {rules}": (
        "依頼 {request} を {chain} で許可: {outflows}。手数料は最大 {fee}。{transaction}。端末 {devices}。"
        "ルール {rules}"
    ),
    "asked by": "求めた者",
    "device {who}": "端末 {who}",
    "entry": "項目",
    "fee at most": "手数料の上限",
    "first started": "最初の開始",
    "made on {when}": "作成: {when}",
    "moment": "時刻",
    "nobody yet": "まだだれも",
    "note": "備考",
    "open": "未決",
    "owner {number}": "所有者 {number}",
    "refused by rule {code} ({door})": "ルール {code} により拒否（{door}）",
    "refused by rule {code}: request {request}": "ルール {code} により拒否: 依頼 {request}",
    "the signatures for request {request} are there": "依頼 {request} の署名がそろいました",
    "signed by": "署名した端末",
    "the chain and the service were not asked": "チェーンとサービスには問い合わせていません",
    "the chain could not be asked through the service: {why}": (
        "サービスを通してチェーンに問い合わせられませんでした: {why}"
    ),
    "the device itself": "端末自身",
    "the journal of {device} could not be read": "{device} の日誌を読めませんでした",
    "the operator": "操作者",
    "the service": "サービス",
    "the service says that transfer {transfer} is {state}, and no journal has its start": (
        "サービスは送金 {transfer} が {state} だと言いますが、その開始はどの日誌にもありません"
    ),
    "this client": "このクライアント",
    "transaction": "トランザクション",
    "transaction {txid} spent the wallet's coins, as the service tells it, and no journal has it": (
        "サービスによればトランザクション {txid} がウォレットのコインを使いましたが、どの日誌にもありません"
    ),
    "transfer {transfer} waits for a block, as the service tells it": (
        "サービスによれば送金 {transfer} はブロックを待っています"
    ),
    "transfer {transfer} was replaced by {by}, as the service tells it": (
        "サービスによれば送金 {transfer} は {by} に置き換えられました"
    ),
    "transfer {transfer} was signed and is not seen on the chain; the service says: {state}": (
        "送金 {transfer} は署名されましたが、チェーンに見えません。サービスの言う状態: {state}"
    ),
    "what": "内容",
    "what left": "出たもの",
    "{amount} to {to}": "{to} へ {amount}",
    "{count} things are wrong.": "{count} 件の誤りがあります。",
    "{device} (entry {entry}) and {other} signed two transactions for one request": (
        "{device}（項目 {entry}）と {other} は、一つの依頼に二つのトランザクションを署名しました"
    ),
    "{device} (entry {entry}) and {other} tell of the same session otherwise: {fields}": (
        "{device}（項目 {entry}）と {other} は、同じセッションを違うように記しています: {fields}"
    ),
    "{device} (entry {entry}) claims to remember of {of} what that device never signed": (
        "{device}（項目 {entry}）は、{of} が署名していないものを覚えていると称しています"
    ),
    "{device} (entry {entry}) started transfer {transfer}, and no device has its signatures": (
        "{device}（項目 {entry}）は送金 {transfer} を始めましたが、署名はどの端末にもありません"
    ),
    "{device} does not have the session of transfer {transfer}, in which {other} (entry {other_entry}) met it": (
        "{device} の日誌には、{other}（項目 {other_entry}）が出会った送金 {transfer} のセッションがありません"
    ),
    "{device} does not have the start of transfer {transfer}, which {other} (entry {other_entry}) finished "
    "with it": (
        "{device} の日誌には、{other}（項目 {other_entry}）が一緒に終えた送金 {transfer} の開始がありません"
    ),
    "{device} rewrote its journal: something in entries {entry} to {last} is not what it showed to "
    "{witnesses}": (
        "{device} は日誌を書き換えました: 項目 {entry} から {last} のどこかが、{witnesses} に見せたも"
        "のと違います"
    ),
    "{device} signed two journals that differ at entry {entry} or before; one was shown to {witnesses}": (
        "{device} は、項目 {entry} かその前で異なる二つの日誌に署名しました。一方を見たのは {witnesses} です"
    ),
    "{device}: entries {entry} to {last} are gone; it had shown them to {witnesses}": (
        "{device}: 項目 {entry} から {last} がなくなっています。{witnesses} には見せていました"
    ),
    "{device}: entries {entry} to {last} are missing": "{device}: 項目 {entry} から {last} がありません",
    "{device}: entries {entry} to {last} are more than the device says that it has": (
        "{device}: 項目 {entry} から {last} は、端末があると言う数を超えています"
    ),
    "{device}: entries {entry} to {last} were cut off: the device says that it has them": (
        "{device}: 項目 {entry} から {last} が切り落とされています。端末はあると言っています"
    ),
    "{device}: entry {entry} cannot be read": "{device}: 項目 {entry} を読み取れません",
    "{device}: entry {entry} is another than the session in which {other} (entry {other_entry}) was shown it": (
        "{device}: 項目 {entry} は、{other}（項目 {other_entry}）がそれを見たセッションのものではありません"
    ),
    "{device}: entry {entry} is not signed by the device": "{device}: 項目 {entry} は端末の署名ではありません",
    "{device}: entry {entry} is not the one that the device says is the last": (
        "{device}: 項目 {entry} は、端末が最後だと言うものではありません"
    ),
    "{device}: entry {entry} names an owner {credential} that the wallet does not have": (
        "{device}: 項目 {entry} は、このウォレットにいない所有者 {credential} を記しています"
    ),
    "{device}: entry {entry} stands where it does not belong": "{device}: 項目 {entry} の位置が正しくありません",
    "{device}: entry {entry} tells of other keys than this client verified": (
        "{device}: 項目 {entry} の鍵は、このクライアントが確かめたものと違います"
    ),
    "{device}: entry {entry} tells of signatures that it never started": (
        "{device}: 項目 {entry} は、始めていない署名を記しています"
    ),
    "{device}: entry {entry} was altered, or does not follow from the one before it": (
        "{device}: 項目 {entry} は書き換えられたか、前の項目に連なりません"
    ),
    "{device}: its journal does not have the birth of this wallet": (
        "{device}: 日誌にこのウォレットの誕生がありません"
    ),
    "{device}: the end of its journal is not signed by the device": "{device}: 日誌の末尾が端末の署名ではありません",
    "{device}: the service says that entry {entry} was another one; nobody signed that": (
        "{device}: サービスは項目 {entry} が別のものだったと言います。署名はありません"
    ),
    "{device}: {length} entries, head {head}": "{device}: {length} 件、先頭ハッシュ {head}",
    "{device}: {so_far} of {whole} entries": "{device}: {whole} 件のうち {so_far} 件",
    "{chain}: {so_far} of {whole} transactions": "{chain}: トランザクション {whole} 件のうち {so_far} 件",
    "{length} entries, head {head}": "{length} 件、先頭ハッシュ {head}",
    "{to} may take {amount}": "{to} が {amount} を引き出せる",
    # --- credentials and approvals
    "Approve this?": "これを承認しますか？",
    "Approved by": "承認した所有者",
    "Approved.": "承認しました。",
    "Everything is verified as at its creation; the service's word is not enough. A wallet that another owner "
    "made, with a credential of yours among its owners, is taken up by its id ('warifu wallet show' on his "
    "machine): the id stands for every device, owner and rule of it, and its devices are trusted from then "
    "on.": (
        "作成時と同じくすべて検証し、サービスの言葉だけでは足りません。他の所有者が作り、あなたのクレデン"
        "シャルを所有者に含むウォレットは、その id（相手のマシンで warifu wallet sho"
        "w）で取り込みます。id はすべての端末・所有者・規則を表し、以後その端末を信頼します。"
    ),
    "Have the wallet obey this credential, too: a passkey of yours by its name, or what another owner "
    "exported (file or text; repeat).": (
        "ウォレットをこのクレデンシャルにも従わせます。自分のパスキーの名前、または他の所有者が書き出した"
        "もの（ファイルか文字列、繰り返し可）。"
    ),
    "List what waits for approvals, as this client reads it itself.": (
        "承認を待つものを一覧します。内容はこのクライアント自身が読みます。"
    ),
    "Of a wallet that another owner made: its id, as he told it to you.": (
        "他の所有者が作ったウォレットの、本人から聞いた id。"
    ),
    "Refuse this?": "これを拒否しますか？",
    "Refused by": "拒否した所有者",
    "Refused.": "拒否しました。",
    "Say no to ID, for the other owners to see; your earlier approval is gone from the service.": (
        "ID を拒否し、他の所有者に見せます。以前の承認はサービスから消えます。"
    ),
    "The others approve it with: warifu approval give {transfer}": (
        "他の所有者の承認: warifu approval give {transfer}"
    ),
    "The policy wants the approval of {needed} owners for this. Yours is the first.": (
        "ポリシーはこれに所有者 {needed} 人の承認を求めます。あなたの承認が 1 人目です。"
    ),
    "Then go on with: warifu resume {wallet} {transfer}": (
        "その後に続けます: warifu resume {wallet} {transfer}"
    ),
    "This is asked for, as this client reads it itself:": (
        "求められている内容（このクライアント自身が読んだもの）:"
    ),
    "approvals": "承認",
    "owner": "所有者",
    "refused by: {names}": "拒否した所有者: {names}",
    "until": "期限",
    "{given} of {needed}: {names}": "{needed} 人中 {given} 人: {names}",
    "It stops nobody: enough others can still approve, and an approval that was handed on before still counts. What "
    "nobody approves any more is withdrawn, and its coins are free.": (
        "これだけでは止まりません。他の所有者が足りれば承認され、すでに渡した承認も有効なままです。"
        "誰も承認していないものは取り下げられ、コインは空きます。"
    ),
    "Show what ID asks for, as this client reads it, and approve it.": (
        "ID が求める内容をこのクライアントが読んだとおりに表示し、承認します。"
    ),
    "Wanted": "求められていること",
    "What several owners have to approve, and your word on it.": (
        "複数の所有者の承認が必要なものと、それへのあなたの返事。"
    ),
    "other rules": "別の規則",
    "the end of its freeze": "凍結の終わり",
    "Hand a change that enough owners approved ('warifu approval give ID') to the connected devices, with the "
    "passphrase.": (
        "必要な数の所有者が承認した変更（warifu approval give ID）を、パスフレーズとともに接続中の端末へ渡します。"
    ),
    "It is shown once more, compared with the rules in force by this client's own record.": (
        "このクライアント自身の記録で有効な規則と比べて、もう一度表示します。"
    ),
    "Approve with your passkey": "パスキーで承認する",
    "Done. Go back to the terminal.": "済みました。端末の画面に戻ってください。",
    "Go on in the browser. If it does not open, go to this address on this machine:": (
        "ブラウザーで続けてください。開かない場合は、このマシンで次のアドレスを開きます:"
    ),
    "How the other owner shall see it.": "相手の所有者に見える名前。",
    "It counts only on that page and with your PIN, finger or face. A wallet obeys it once it is among its owners.": (
        "そのページで、PIN・指・顔による本人確認があるときだけ有効です。ウォレットの所有者に加えられると、ウォレットが従います。"
    ),
    "It is not the wallet's passphrase, and must be another word: whoever steals this machine can try PINs at home.": (
        "ウォレットのパスフレーズとは別のものにします。このマシンを盗んだ者は、手元で PIN をいくらでも試せるからです。"
    ),
    "Leave the key unlocked from now on.": "今後は鍵をロックしません。",
    "Leave this client's key unlocked; for scripts, and where the disk is encrypted.": (
        "このクライアントの鍵をロックしません。スクリプト用、またはディスクが暗号化されている場合。"
    ),
    "List your credentials, and other owners' that this client knows by name.": (
        "自分のクレデンシャルと、このクライアントが名前で知る他の所有者のものを一覧します。"
    ),
    "Lock this client's key by another PIN, of at least 8 characters.": (
        "このクライアントの鍵を別の PIN（8 文字以上）でロックします。"
    ),
    "Make a passkey": "パスキーを作る",
    "Make a passkey, on a page of this client's own in your browser, or on a security key.": (
        "パスキーを作ります。ブラウザーの中のこのクライアント自身のページで、またはセキュリティキーで。"
    ),
    "New PIN of this client: ": "このクライアントの新しい PIN: ",
    "New passkey": "新しいパスキー",
    "No": "いいえ",
    "Nothing in it is secret, but it must arrive unchanged: compare the digest with the other owner.": (
        "秘密は含みませんが、変わらずに届く必要があります。相手の所有者とダイジェストを比べてください。"
    ),
    "PIN of the security key: ": "セキュリティキーの PIN: ",
    "PIN of this client: ": "このクライアントの PIN: ",
    "Print the public half of a credential, for the owner who makes a wallet that shall obey you, too.": (
        "クレデンシャルの公開部分を表示します。あなたにも従うウォレットを作る所有者に渡します。"
    ),
    "Profile": "プロファイル",
    "Read the PIN of this client from this open file descriptor instead of the terminal.": (
        "このクライアントの PIN を、端末の代わりにこの開いたファイル記述子から読みます。"
    ),
    "Read the new PIN from this descriptor.": "新しい PIN をこの記述子から読みます。",
    "Speak to a FIDO2 key over USB, without a browser.": (
        "ブラウザーを使わず、USB の FIDO2 キーと話します。"
    ),
    "That did not work; you can try again.": "うまくいきませんでした。もう一度試せます。",
    "The passkey {name} is yours.": "パスキー {name} はあなたのものです。",
    "This client's key is locked by the new PIN.": ("このクライアントの鍵は新しい PIN でロックされました。"),
    "This page is your own client's, on this machine. Compare it with the terminal.": (
        "このページは、このマシンのあなた自身のクライアントのものです。端末の画面と比べてください。"
    ),
    "With what you approve: this client's own key, passkeys, FIDO2 security keys.": (
        "承認に使うもの: このクライアントの鍵、パスキー、FIDO2 セキュリティキー。"
    ),
    "Write it to this file.": "このファイルに書きます。",
    "another owner's": "他の所有者のもの",
    "device key": "クライアントの鍵",
    "digest": "ダイジェスト",
    "passkey": "パスキー",
    "security key": "セキュリティキー",
    "this client's key is not locked any more: whoever takes this machine can approve with it": (
        "このクライアントの鍵はもうロックされていません。このマシンを持つ者は誰でも承認できます"
    ),
    "touch your security key now": "セキュリティキーに触れてください",
    "whose": "誰のもの",
    "yours": "自分のもの",
    "awake for each transfer": "送金ごとに起動が必要な端末",
    # --- requests judged by devices ---
    "Ask every device of the wallet whether it would sign REQUEST, rule by rule; nothing is signed or "
    "counted.": (
        "ウォレットのすべての端末に、REQUEST に署名するかをルールごとに尋ねます。何も署名されず、数えら"
        "れません。"
    ),
    "Authorized": "承認",
    "By its rules this device would sign.": "ルールによれば、この端末は署名します。",
    "Chain": "チェーン",
    "Compare it, by eye, with what the client shows: two displays that nobody could alter together. The "
    "digits say that both speak of the same request. Nothing is signed or counted by it.": (
        "クライアントの表示と目で見比べてください。二つの表示を同時に偽ることはだれにもできません。数字は"
        "、どちらも同じ依頼のことだと示します。これで何かが署名されたり数えられたりすることはありません。"
    ),
    "REQUEST is the id of one that the device judged since its start, or let be signed before; without "
    "one it is the newest that an owner authorized, else the newest dry run. With --file no service is "
    "asked: bring the request over.": (
        "REQUEST は、端末が起動後に判断した依頼、または起動前に署名を許した依頼の識別子です。省くと、所有"
        "者が承認した最も新しいもの、なければ最も新しい試行です。--file ではサービスに何も尋ねません。依"
        "頼のファイルを自分で運んでください。"
    ),
    "Show a request as this machine's device itself reads it in the transaction's bytes, and judges it.": (
        "このマシンの端末が依頼をトランザクションのバイト列から自分で読み、判断したとおりに表示します。"
    ),
    "Signed from": "署名を始めた時刻",
    "This device let it be signed: so says its journal. It was started since; what each rule said, until "
    "when the request was in time, and the text of a message are not known here any more.": (
        "この端末は署名を許した、と日誌にあります。その後に端末は再起動しています。各規則の判断、依頼の期"
        "限、メッセージの文面は、もうここではわかりません。"
    ),
    "What 'warifu send --dry-run --save' wrote ('-': standard input): the device reads and judges it now.": (
        "'warifu send --dry-run --save' が書いたファイル（'-' なら標準入力）。端末がいま読んで判断します。"
    ),
    "nobody was asked: you brought it here yourself": (
        "だれにも尋ねていません（あなたがここへ持ってきました）"
    ),
    "{count} lines of the message are not shown, or not whole: look at all of it elsewhere, or do not "
    "sign it": (
        "メッセージの {count} 行が表示されていないか、途中までです。ほかで全文を確かめるか、署名しないで"
        "ください"
    ),
    "Compare on a device ('warifu signer show'): {digits}": "端末で見比べる数字（'warifu signer show'）: {digits}",
    "Compare with the client: {digits}": "クライアントと見比べる数字: {digits}",
    "Have every device judge the request before you say yes; each can show it itself ('warifu signer show').": (
        "同意する前に、すべての端末に依頼を判断させます。どの端末も自ら表示できます（'warifu signer show'）。"
    ),
    "Judged": "判断した時刻",
    "REQUEST is a file that 'warifu send --dry-run --save' wrote, or the id of a transfer at the service, "
    "which may wait for other owners: what they approved so far counts.": (
        "REQUEST は 'warifu send --dry-run --save' が書いたファイルか、サービスにある送金の識別子です。"
        "ほかの所有者を待つ送金でもかまいません。これまでの承認が数えられます。"
    ),
    "The exit code is 0 where enough devices would sign; else it is that of the first refusal (5: the policy)"
    ", or 13 where too many devices are off.": (
        "終了コードは、必要な数の端末が署名するなら 0、そうでなければ最初の拒否のもの（5 はポリシー）、"
        "多くの端末が切れているなら 13 です。"
    ),
    "This device would refuse: {message}": "この端末は拒否します: {message}",
    "Say it with this credential of yours (default: this client's key; where the wallet does not obey "
    "that, your only passkey that it obeys).": (
        "自分のこの認証手段で承認する（既定: このクライアントの鍵。ウォレットがそれに従わない場合は、ウォ"
        "レットが従う唯一の自分のパスキー）。"
    ),
    "a veto": "拒否権の行使",
    "any {threshold} of {names} open {name} when it starts": (
        "{name} の起動時に {names} のうち任意の {threshold} 台が開く"
    ),
    "devices that are behind": "遅れている端末に規則を伝える",
    "new shares for all of its devices": "すべての端末に新しいシェア",
    "to announce": "予告",
    "to freeze it": "凍結",
    "to read its devices' journals": "端末の日誌を読む",
    "to take this device as what it is now:": "この端末を現在の状態のものとして受け入れる:",
    "to take this device back as it is:": "この端末を現在の状態で迎え戻す:",
    "Carry out what enough owners approved ('warifu approval give ID') about a device, with the wallet's "
    "passphrase.": (
        "十分な数の所有者が承認した（'warifu approval give ID'）端末についての依頼を、ウォレットのパスフ"
        "レーズで実行します。"
    ),
    "Enough owners approved. Whoever knows the passphrase goes on with: warifu {command}": (
        "十分な数の所有者が承認しました。パスフレーズを知る人が次へ進みます: warifu {command}"
    ),
    "Entries in its journal": "日誌の項目数",
    "It is done: the device starts by these keepers from now on.": (
        "完了しました。端末は今後、これらの保管者によって起動します。"
    ),
    "It is what 'accept', 'hand-out' or 'take-back' laid before them. It is shown once more.": (
        "'accept'、'hand-out'、'take-back' が所有者たちに示した依頼です。もう一度表示します。"
    ),
    "Keepers": "保管者",
    "Runs on": "動作環境",
    "Then go on with: warifu {group} carry {identifier}": "その後に実行: warifu {group} carry {identifier}",
    "This takes {needed} owners, as the largest payment does. Yours is the first.": (
        "これには最大の支払いと同じく {needed} 人の所有者が必要です。あなたが一人目です。"
    ),
    "Where the largest payment of a wallet takes several owners, so does this: it is laid before the "
    "others.": (
        "ウォレットの最大の支払いに複数の所有者が必要なら、これにも必要です。ほかの所有者に示されます。"
    ),
    "Your approval covers exactly this. It does nothing by itself: an owner with the passphrase carries "
    "it out, once enough have approved (a transfer by 'warifu resume').": (
        "あなたの承認はこの依頼だけに及びます。承認だけでは何も起こりません。十分な数が承認したあと、パス"
        "フレーズを持つ所有者が実行します（送金は 'warifu resume'）。"
    ),
    "Where a device is to be accepted as what it is now, this client looks at the device itself first, "
    "and says what it sees.": (
        "端末を現在の状態のものとして受け入れる依頼では、このクライアントがまず自分で端末を調べ、見えたも"
        "のを伝えます。"
    ),
    "this client could not look at {name} itself: {message}": (
        "このクライアントは自分で {name} を調べられませんでした: {message}"
    ),
    "this client does not know as what {name} was accepted before": (
        "このクライアントは、{name} がこれまで何として受け入れられていたかを知りません"
    ),
    "to hand this device's sealing secret out:": "この端末の封印の秘密を配る:",
    "to take this device as something else than before:": "この端末を以前とは別のものとして受け入れる:",
    "what {name} shows to this client now is not what it is to be accepted as": (
        "いま {name} がこのクライアントに示すものは、受け入れる依頼の内容と違います"
    ),
    "{count} of {all} devices hold it to that now.": (
        "{all} 台中 {count} 台の端末が、今後それを基準にします。"
    ),
    "Wallet": "ウォレット",
    "What this device read in the bytes that it would sign:": (
        "この端末が、署名することになるバイト列から読み取ったもの:"
    ),
    "With --dry-run: keep the request in this new file, for 'warifu policy check' and 'warifu signer show'.": (
        "--dry-run とともに: 依頼をこの新しいファイルに保存します（'warifu policy check' と 'warifu signer show' 用）。"
    ),
    "also judged: {id} ({when}; authorized {kind})": "ほかに判断したもの: {id}（{when}、承認: {kind}）",
    "by its owner": "所有者による",
    "by nobody: a dry run": "なし（試行）",
    "is off": "接続していません",
    "Freeze its wallets too, on all of their devices: only 'warifu policy unfreeze' and a wait undo that.": (
        "この端末のウォレットも、すべての端末で凍結する（解除は 'warifu policy unfreeze' と待機だけ）。"
    ),
    "What it is signing at this moment ends. A restart does not thaw it. The wallet's other devices sign without it "
    "where enough of them are left, unless --wallets stops them as well.": (
        "署名の途中のものは終わります。再起動しても解けません。残りの端末が足りていれば、--wallets で止めないかぎり、"
        "ウォレットはこの端末なしで署名します。"
    ),
    "Veto, on this machine's device, what waits for one of its wallets or was announced to it.": (
        "この機械の端末で、ウォレットについて待っているもの、または予告されたものを拒否します。"
    ),
    "BEGINNING is that of its id, as 'warifu signer status' shows it here. The device tells the wallet's other "
    "devices, and none of them lets it happen from then on.": (
        "BEGINNING は、ここで 'warifu signer status' が示す ID の先頭です。この端末はウォレットのほかの端末に伝え、"
        "それ以降どの端末もそれを実行しません。"
    ),
    "Vetoed. This device tells the others.": "拒否しました。この端末がほかの端末に伝えます。",
    "WALLET FROZEN": "ウォレット凍結中",
    "the wallet is unfrozen": "ウォレットの凍結が解ける",
    "other rules are in force": "別のルールが有効になる",
    "{what} at {moment}": "{what}: {moment}",
    "waits": "待機中",
    "new destination {address}": "新しい宛先 {address}",
    "and {count} more": "ほか {count} 件",
    "{chain}, since {moment}": "{chain}、{moment} から",
    "announced": "予告済み",
    # --- audits: notes and accounts ---
    "{device} does not have the spend of which {other} (entry {other_entry}) has its signed note": (
        "{device} の日誌には、{other}（項目 {other_entry}）がその署名付きの知らせを持つ支払いがありません"
    ),
    "transaction {txid} on {chain} carries the wallet's own signature, and no journal has it": (
        "{chain} のトランザクション {txid} にはこのウォレット自身の署名がありますが、どの日誌にもありません"
    ),
    "the backends of {chain} have no history of the wallet's first days: what left then was not checked": (
        "{chain} のバックエンドには、このウォレットの最初の時期の履歴がありません。"
        "その間に出ていったものは検査していません"
    ),
    "{count} transactions that name the account cannot be read, {txid} among them ({chain})": (
        "口座を挙げるトランザクションのうち {count} 件が読めません（{txid} など、{chain}）"
    ),
    "the service has no backend of {chain}": "サービスには {chain} のバックエンドがありません",
    "the account on {chain} made {sent} transactions, as the service tells it, and the journals have {signed}": (
        "サービスによれば {chain} の口座は {sent} 件のトランザクションを行いましたが、日誌には "
        "{signed} 件しかありません"
    ),
    # --- audits: rules ---
    "{device}: entry {entry} replaces rules that were not in force there": (
        "{device}: 項目 {entry} は、そこで有効でなかったルールを置き換えています"
    ),
    "{device}: entry {entry} was judged by rules that were not in force there": (
        "{device}: 項目 {entry} は、そこで有効でなかったルールで判断されています"
    ),
    "{device}: entry {entry} was started while it was frozen": "{device}: 項目 {entry} は、凍結中に始められています",
    "{device}: entry {entry} put a change in force that {other} knows to be vetoed": (
        "{device}: 項目 {entry} は、{other} が拒否されたと知っている変更を有効にしています"
    ),
    "{device} works by revision {revision} of the rules, others by {newest}": (
        "{device} のルールは第 {revision} 版で、ほかは第 {newest} 版です"
    ),
    # --- audits: rules known here ---
    "{device} works by revision {revision} of the rules, which this client does not know": (
        "{device} のルールは第 {revision} 版ですが、このクライアントはそれを知りません"
    ),
    "Add and remove owners of WALLET: a loosening, whichever it is. Without options, list them.": (
        "WALLET の所有者を加え、外します。どちらも緩める変更です。オプションがなければ一覧を示します。"
    ),
    "An owner as 'policy show' names it (repeat).": "'policy show' が示す名前の所有者（複数可）。",
    "Announce to every device that ADDRESS is going to be paid; with AMOUNT, that exactly so much is.": (
        "ADDRESS へ支払うことを、すべての端末に予告します。AMOUNT があれば、ちょうどその額を支払うことを"
        "予告します。"
    ),
    "Another owner changed the rules:": "別の所有者がルールを変更しました：",
    "Ask the connected devices of WALLET to sign again. It takes the passphrase and waits as every loosening "
    "does.": (
        "接続している WALLET の端末に、ふたたび署名するよう頼みます。パスフレーズが必要で、緩める変更と同"
        "じだけ待ちます。"
    ),
    "Bring this client's record, and devices of WALLET that are behind, to the rules in force.": (
        "このクライアントの記録と、遅れている WALLET の端末を、有効なルールに合わせます。"
    ),
    "By this client's record, revision {revision} is in force.": (
        "このクライアントの記録では、改訂 {revision} が有効です。"
    ),
    "Change the rules of {name}?": "{name} のルールを変更しますか？",
    "Compare a card's digest with its owner, aloud or on paper, before you add it: whoever it belongs to can "
    "approve from then on, and veto.": (
        "加える前に、カードのダイジェストを、口頭か紙で本人と照合してください。それ以降、その持ち主は承認"
        "し、拒否できます。"
    ),
    "Freeze WALLET at once on every device that hears it, and veto all that waits. No passphrase is asked.": (
        "聞いたすべての端末で WALLET をただちに凍結し、待っているものをすべて拒否します。パスフレーズは要"
        "りません。"
    ),
    "Is that right?": "これで正しいですか？",
    "It is in force at once on every device that hears it.": (
        "聞いたすべての端末で、ただちに有効になります。"
    ),
    "It is in force on no device before {moment}, and can be vetoed until then.": (
        "どの端末でも {moment} より前には有効にならず、それまで拒否できます。"
    ),
    "Nothing differs from what is in force.": "有効なものとの違いはありません。",
    "Of this token of the wallet's policy: its symbol or address.": (
        "ウォレットのポリシーにあるこのトークンについて：記号かアドレス。"
    ),
    "Replace the policy of WALLET by the one in FILE, after showing rule by rule what differs.": (
        "違いをルールごとに示してから、WALLET のポリシーを FILE のものに置き換えます。"
    ),
    "Show the rules of WALLET that are in force by this client's own record: owners, policy, revision.": (
        "このクライアント自身の記録で有効な WALLET のルール（所有者、ポリシー、改訂）を示します。"
    ),
    "Show what waits for WALLET and what was announced, as each device says it, and whether it is frozen.": (
        "WALLET について待っているもの、予告されたもの、凍結されているかを、端末ごとに示します。"
    ),
    "Shown with every refusal until the freeze ends; at most 200 characters.": (
        "凍結が終わるまで、拒否のたびに示されます。200 文字まで。"
    ),
    "Veto what waits for WALLET, or was announced, under ID (its beginning is enough): it does not happen.": (
        "WALLET について待っているもの、または予告されたものを、ID（先頭だけでよい）で拒否します。それは"
        "起こりません。"
    ),
    "What 'warifu credential export' wrote (repeat).": "'warifu credential export' が書いたもの（複数可）。",
    "What another owner changed is taken into the record where it bears that owner's signature and as many "
    "devices show it as can sign. A device that is behind is told what it missed; what loosens takes the "
    "passphrase, and waits there.": (
        "別の所有者の変更は、その署名があり、署名できる数の端末がそれを示すときに、記録に取り入れます。遅"
        "れている端末には、聞き逃したものを伝えます。緩めるものにはパスフレーズが必要で、その端末で待ちま"
        "す。"
    ),
    "Where every difference tightens, it holds at once, on your word alone. Where one loosens, or cannot be "
    "compared, the whole change takes the passphrase and waits on each device as long as the policy in force "
    "says; meanwhile any owner or any device can veto it ('warifu policy veto', 'warifu signer veto').": (
        "すべての違いが締めるものなら、あなたの言葉だけで、ただちに有効になります。一つでも緩めるもの、比"
        "べられないものがあれば、変更全体にパスフレーズが必要で、有効なポリシーが定める時間だけ各端末で待"
        "ちます。その間、どの所有者も、どの端末も拒否できます（'warifu policy veto'、'warifu signer "
        "veto'）。"
    ),
    "Where the policy asks for a notice, the wait begins on each device when it hears this. A payment that "
    "was announced is made once; a destination stays known. Any owner can veto either.": (
        "ポリシーが予告を求める場合、待ち時間は、各端末がこれを聞いたときに始まります。予告した支払いは一"
        "度だけ行えます。宛先は知られたままになります。どちらも、どの所有者でも拒否できます。"
    ),
    "Your word alone is enough, and no passphrase is asked. Every device remembers it, also one that hears "
    "of the thing itself only later.": (
        "あなたの言葉だけで足り、パスフレーズは要りません。どの端末もそれを覚えます。対象そのものを後から"
        "聞く端末も同じです。"
    ),
    "asked for here": "ここで依頼したもの",
    "asking the devices": "端末に尋ねています",
    "away: told when it comes": "不在：来たときに伝えます",
    "has rules that are on no record here: find out who changed them, or leave it out": (
        "ここの記録にないルールです：誰が変えたかを調べるか、この端末を外してください"
    ),
    "has the rules in force": "有効なルールです",
    "loosens": "緩める",
    "refused": "拒否",
    "revision": "改訂",
    "revision {revision}, not before {moment}": "改訂 {revision}、{moment} より前ではない",
    "state": "状態",
    "the same": "同じ",
    "tightens": "締める",
    "until {moment}": "{moment} まで",
    "was not reached": "届きませんでした",
    "was told, and has the rules in force": "伝え、有効なルールになりました",
    "was told, and waits": "伝え、待っています",
    # --- digits ---
    "Digits to compare": "見比べる数字",
    "Take the device NAME back into WALLET as it is, after you put an older backup of its disk back yourself.": (
        "自分で古いディスクのバックアップを戻した端末 NAME を、現在の状態のまま WALLET に復帰させます。"
    ),
    "Did you put an older disk of {name} back yourself?": "{name} の古いディスクを自分で戻しましたか？",
    "Now lift its freeze, on the device itself: 'warifu signer unfreeze'.": (
        "次に、その端末自身で凍結を解除してください: 'warifu signer unfreeze'。"
    ),
    "The other devices refuse it, because a thief's copy looks the same. They take its present state from now on, and "
    "tell it again what it forgot. Then lift its freeze, on the device itself: 'warifu signer unfreeze'.": (
        "他の端末は、盗まれた複製と見分けがつかないため、その端末を拒みます。このコマンドで以後は現在の状態を受け入れ、"
        "忘れたことをもう一度伝えます。そのあと、その端末自身で凍結を解除してください: 'warifu signer unfreeze'。"
    ),
    "Give all of them the rules of this client's record?": (
        "すべての端末に、このクライアントの記録にあるルールを渡しますか？"
    ),
    "Give every device the rules of this client's record again, whatever an owner's credential asked of it "
    "since.": (
        "その後どの所有者の資格情報が何を頼んだとしても、すべての端末に、このクライアントの記録にあるルー"
        "ルをふたたび渡す。"
    ),
    "With --restore, for devices that were told different things (by two owners at once, by a thief with a "
    "credential), all of them are given what is on record, as a new revision.": (
        "--restore を付けると、（二人の所有者が同時に、または資格情報を盗んだ者によって）別々のことを伝え"
        "られた端末すべてに、記録にあるものを新しい改訂として渡します。"
    ),
    "has rules of its own that too few devices have; see --restore": (
        "独自のルールで、同じ端末が足りません。--restore を参照"
    ),
    "While it is in force, {needed} of the wallet's {count} devices must be awake for whatever spends.": (
        "これが有効な間は、送金や、取引所での注文と出金のたびに、"
        "ウォレットの端末 {count} 台のうち {needed} 台が起動している必要があります。"
    ),
    # --- kinds of journal entries ---
    "born": "誕生",
    "owner joined": "所有者の登録",
    "device banned": "端末の排除",
    "ban lifted": "排除の解除",
    "device frozen": "端末の凍結",
    "device thawed": "端末の凍結解除",
    "secret handed out": "秘密の分配",
    "piece kept": "断片の保管",
    "piece released": "断片の引き渡し",
    "wallet pending": "ウォレットの準備",
    "wallet born": "ウォレットの誕生",
    "new shares kept": "新しい分散鍵の保管",
    "device accepted anew": "端末の再承認",
    "rules asked for": "ルール変更の申請",
    "rules changed": "ルールの変更",
    "payment announced": "支払いの予告",
    "vetoed": "拒否権の行使",
    "wallet frozen": "ウォレットの凍結",
    "unfreezing asked for": "凍結解除の申請",
    "wallet thawed": "ウォレットの凍結解除",
    "wrong passphrase": "パスフレーズの誤り",
    "session entered": "セッションへの参加",
    "peers' journals seen": "ほかの端末の日誌の確認",
    "signing started": "署名の開始",
    "signed": "署名の完了",
    "payment acknowledged": "支払いの確認",
    "payment noted": "支払いの記録",
    "exchange key born": "取引所の鍵の生成",
    "exchange account kept": "取引所口座の保管",
    "exchange account's key replaced": "取引所口座の鍵の交換",
    "exchange account removed": "取引所口座の削除",
    "refused, nobody's request": "拒否（だれの依頼でもない）",
    # --- audits: devices taken back ---
    "exchange asked": "取引所への要求",
    "exchange answered": "取引所の返答",
    "call at an exchange acknowledged": "取引所への要求の了知",
    "compared at the exchange": "取引所での照合",
    # --- visits to exchanges ---
    "this account's key is whole in one device: no other can fetch the deposit address, so it has to be a "
    "destination of the policy ('warifu exchange deposit-address', 'warifu policy change')": (
        "この口座の鍵は 1 台の端末に丸ごとあり、ほかの端末は入金アドレスを確かめられません。"
        "入金アドレスをポリシーの宛先に加えてください（「warifu exchange deposit-address」「warifu policy change」）"
    ),
    "The wallet's own address that it comes home to, if the exchange has a list of addresses; else a fresh "
    "one.": (
        "引き上げ先とするウォレット自身のアドレス（取引所に出金先リストがある場合）。なければ新しいアドレス。"
    ),
    "home is": "引き上げ先",
    "a fresh address of the wallet's own": "ウォレット自身の新しいアドレス",
    "not known here as an address of this wallet": "このウォレットのアドレスとしては知られていません",
    "It takes as many owners as an order for that much there: where these are several, it waits for the others "
    "('warifu approval give').": (
        "そこで同じ額の注文を出すのと同じ数の所有者の承認が要ります。"
        "複数のときは、ほかの所有者を待ちます（「warifu approval give」）。"
    ),
    "Bring home now what is left of the visit ID (its beginning is enough). Your word alone is enough.": (
        "一時預け ID（先頭だけでよい）の残りを今すぐ引き上げます。あなたの承認だけで足ります。"
    ),
    "Each device proves the way back to itself: that the key may withdraw, what is there, and where deposits "
    "go. Then you send the funds there, trade ('warifu exchange'), and what is left comes home by itself.": (
        "各端末は、帰り道を自分で確かめます。鍵で出金できること、今ある残高、入金先です。そのあと資金を送り、"
        "取引し（「warifu exchange」）、残りはひとりでに戻ります。"
    ),
    "Funds that go to an exchange for a trade, and come home.": "取引のために取引所へ行き、戻ってくる資金。",
    "How long it may be there: 30m, 2h, 1d.": "預けておける時間：30m、2h、1d。",
    "It is done by itself, again and again; this is for when you changed something at the exchange and do "
    "not want to wait.": (
        "これはひとりでに繰り返されます。取引所で何かを直し、待ちたくないときのためのものです。"
    ),
    "Let AMOUNT of WALLET's be at the exchange of ACCOUNT for a while. Nothing moves yet, unless --send is there.": (
        "WALLET の AMOUNT までを、ACCOUNT の取引所にしばらく置けるようにします。--send がなければ、まだ何も動きません。"
    ),
    "Send the funds at once; the passphrase is asked for then.": "すぐに送ります。そのときパスフレーズを尋ねます。",
    "With --send, on Bitcoin: in sat/vB.": "--send のとき、ビットコインで: sat/vB 単位。",
    "Open this visit?": "この一時預けを始めますか？",
    "STUCK at the exchange": "取引所から動かせません",
    "something else left the exchange than devices signed: the wallet is frozen; a device was taken over": (
        "端末が署名したものと違うものが取引所から出ました。ウォレットは凍結され、乗っ取られた端末があります"
    ),
    "Send the funds there, and the devices let them go to no other address of the exchange:": (
        "資金をそこへ送ってください。端末は、取引所のほかのアドレスへは送らせません："
    ),
    "Show how WALLET's visits stand, as each connected device says for itself.": (
        "WALLET の一時預けの状態を、つながっている各端末の言葉で示します。"
    ),
    "Try now to bring home what is to come home, instead of after a pause.": (
        "戻るべき資金の引き上げを、間を置かずに今試みます。"
    ),
    "What else comes home: ETH, USDC@ethereum, SOL=ADDRESS for the one on the exchange's list (repeat).": (
        "ほかに戻す資産：ETH、USDC@ethereum、取引所の一覧にあるアドレスなら SOL=アドレス（繰り返し可）。"
    ),
    "When the time is over the devices bring home what is left, to an address of the wallet's own and to no "
    "other. For that nobody has to be there.": (
        "時間が過ぎると、端末は残りをウォレット自身のアドレスへ、そしてそこだけへ引き上げます。そのために誰か"
        "がいる必要はありません。"
    ),
    "a visit to an exchange": "取引所への一時預け",
    "account": "口座",
    "also comes home": "ほかに戻るもの",
    "brings at most": "預ける上限",
    "deposit address": "入金アドレス",
    "funds are on their way there": "資金は向かっています",
    "funds may go there": "資金を送れます",
    "home": "戻りました",
    "no visit is known to the devices that are connected": "つながっている端末が知る一時預けはありません",
    "on the way home": "戻る途中です",
    "seen there: {there}": "そこで見た残高：{there}",
    "sweep": "引き上げ",
    "the devices prove the way back": "端末が帰り道を確かめています",
    "the end of a visit": "一時預けの終了",
    "the way back is not proven yet": "帰り道はまだ確かめられていません",
    "the way back is not proven yet: see how it stands with 'warifu visit show'": (
        "帰り道はまだ確かめられていません。「warifu visit show」で状態を見てください"
    ),
    "there": "取引所にあります",
    "{count} visits are looked after now": "{count} 件の一時預けを今見ています",
    "{device}: {words}": "{device}：{words}",
    "visit opened": "一時預けの開始",
    "visit ended": "一時預けの終了",
    "visit ended by its loss": "損失による一時預けの終了",
    "Most that it may lose of what it brought: 5%, 2.5%. Then it comes home. Else the policy's, if it has one.": (
        "預けた額のうち失ってよい上限: 5%、2.5%。超えたら引き上げます。省略するとポリシーの上限（あれば）です。"
    ),
    "may lose at most": "許す損失",
    "what the policy says": "ポリシーのとおり",
    "your policy lets it be traded for {assets}, which would stay at the exchange: nobody sells it back "
    "for you, and only what --also names comes home": (
        "ポリシーでは {assets} と交換できますが、それは取引所に残ります。代わりに売り戻す者はなく、"
        "--also で指定したものだけが戻ります"
    ),
    "an owner ended it": "所有者が終えました",
    "its time is over": "時間切れです",
    "MORE WAS LOST THAN IT MAY LOSE": "損失が上限を超えました",
    "its account was removed": "口座が外されました",
    "not looked at yet": "まだ見ていません",
    "something there has no pair in the policy by which it could be valued": (
        "評価に使える組がポリシーにないものがあります"
    ),
    "more was traded than it asks prices for": "価格を問い合わせる数を超える種類を取引しました",
    "the exchange says no price that can be used": "取引所の価格が使えません",
    "not looked at lately": "最近は見ていません",
    "worth: not known ({why})": "評価額は不明（{why}）",
    "worth {value} of {credited} {symbol}, {lost} lost": "評価額 {value}（元は {credited} {symbol}）、損失 {lost}",
    "at {moment}; not known now ({why})": "{moment} の時点。今は不明（{why}）",
    "sweep signed": "引き上げへの署名",
    "device taken back": "端末の受け入れ直し",
    "{device} was taken back with an older disk on its owners' word, as {by} wrote down": (
        "{device} は、所有者の意思で古いディスクのまま受け入れ直されました（{by} の記録による）"
    ),
}
JAPANESE |= EXCHANGES | AFTERWARDS | BANKS

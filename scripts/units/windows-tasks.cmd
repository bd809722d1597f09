@echo off
rem Registers a hall's node with the Windows Task Scheduler (Windows 10 or newer, x64). Run once, in a console opened
rem "as administrator"; run again after changing a file: tasks are replaced. Python must be installed for all users.
rem
rem   Yizhan serve   the hall's pages, started with the machine    (windows-serve.xml)
rem   Yizhan sync    one round of exchange every ten minutes       (windows-sync.xml)
rem
rem The XML files name the same two folders as the lines below: change them in all three.
rem To remove:  schtasks /delete /tn "Yizhan serve" /f   and the same for "Yizhan sync".

setlocal
set "NODE=C:\yizhan\.venv\Scripts\yizhan-node.exe"
set "DATA=C:\ProgramData\yizhan-node"

if not exist "%NODE%" (
    echo %NODE% is not there. Run first:  py -3 C:\yizhan\scripts\environment.py
    exit /b 1
)
if not exist "%DATA%\store.db" (
    echo %DATA% holds no node yet. Run first, with your own market:
    echo   "%NODE%" --home "%DATA%" init --market 37130201 --name NAME --domain lg.example
    exit /b 1
)

rem S-1-5-19 is LOCAL SERVICE, S-1-5-32-544 the administrators: numbers, because the names differ by language.
rem Nobody else on this PC may read the keys and the store.
icacls "%DATA%" /inheritance:r /grant:r "*S-1-5-19:(OI)(CI)M" "*S-1-5-32-544:(OI)(CI)F" /q || exit /b 1

schtasks /create /f /tn "Yizhan serve" /xml "%~dp0windows-serve.xml" || exit /b 1
schtasks /create /f /tn "Yizhan sync" /xml "%~dp0windows-sync.xml" || exit /b 1

rem Clerks' PCs and the hall screen come in over the LAN; on networks that Windows calls public the port stays shut.
netsh advfirewall firewall delete rule name="Yizhan" >nul
netsh advfirewall firewall add rule name="Yizhan" dir=in action=allow protocol=TCP localport=8480 ^
    profile=private,domain >nul || exit /b 1

schtasks /run /tn "Yizhan serve" || exit /b 1
echo The hall's pages are at http://localhost:8480/ in a moment.
